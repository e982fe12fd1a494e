package value

import (
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/source"
	"pgregory.net/rapid"
)

func knowing(types ...string) EntityText {
	return EntityText{Known: func(typ []byte) bool {
		for _, k := range types {
			if k == string(typ) {
				return true
			}
		}
		return false
	}}
}

func TestEntityText(t *testing.T) {
	plain, known, quoted := EntityText{}, knowing("user", "svc", "API"), EntityText{Quoted: true}
	for _, c := range []struct {
		reader  *EntityText
		text    string
		typ, id string
		code    source.Code // in a column of any entity, or of Doc
	}{
		{&plain, `User::"alice"`, "User", "alice", ""}, {&plain, `App::User::"a b"`, "App::User", "a b", ""}, {&plain, `user::"x"`, "user", "x", ""}, {&plain, `User::""`, "User", "", ""},
		{&plain, `User::"\"\\\n\u{e9}\x41\'"`, "User", "\"\\\né" + "A'", ""}, {&plain, `User::"Admin::\"x\""`, "User", `Admin::"x"`, ""}, {&plain, `User::"it's"`, "User", "it's", ""},
		{&plain, `User::alice`, "", "", CodeEntityText}, {&plain, `User::`, "", "", CodeEntityText}, {&plain, `User::"a`, "", "", CodeEntityText}, {&plain, `User::a"`, "", "", CodeEntityText}, {&plain, `User::"`, "", "", CodeEntityText},
		{&plain, `User::"a" `, "", "", CodeEntityText}, {&plain, `User::"a"b"`, "", "", CodeEntityText}, {&plain, `User::"a\"`, "", "", CodeEntityText}, {&plain, `User::"a\\"b"`, "", "", CodeEntityText}, {&plain, `User::"\q"`, "", "", CodeEntityText},
		{&plain, `User:: "a"`, "", "", CodeEntityText}, {&plain, `User::1::"a"`, "", "", CodeEntityText}, {&plain, `User:::"a"`, "", "", CodeEntityText}, {&plain, `User::"a"::"b"`, "", "", CodeEntityText}, {&plain, `std::string`, "", "", CodeEntityText},
		{&plain, "user:alice", "User", "alice", ""}, {&plain, "api_key:7", "ApiKey", "7", ""}, {&plain, "User:alice", "User", "alice", ""}, {&plain, "myType:x", "myType", "x", ""}, {&plain, "a1_2b:x", "A12b", "x", ""},
		{&plain, "_x:y", "_x", "y", ""}, {&plain, "x_:y", "x_", "y", ""}, {&plain, "x__y:z", "x__y", "z", ""}, {&plain, "user:a:b", "User", "a:b", ""}, {&plain, `user:"alice"`, "User", `"alice"`, ""}, {&plain, "user: a", "User", " a", ""},
		{&plain, `user:Admin::"x"`, "User", `Admin::"x"`, ""}, {&plain, "user:", "", "", CodeEntityEmpty}, {&plain, "", "", "", CodeEntityEmpty},
		{&known, "user:alice", "user", "alice", ""}, {&known, "svc:x", "svc", "x", ""}, {&known, "API:x", "API", "x", ""}, {&known, "api_key:x", "ApiKey", "x", ""}, {&known, `user::"x"`, "user", "x", ""},
	} {
		tab := NewTable(Key{})
		for _, def := range []Value{None, tab.String("Doc")} {
			got, f := c.reader.Parse(tab, []byte(c.text), def)
			if again, g := c.reader.ParseString(tab, tab.String(c.text), def); again != got || (f == nil) != (g == nil) || f != nil && *f != *g {
				t.Errorf("as a string of the table %q is %v %v, not %v %v", c.text, again, g, got, f)
			}
			if c.code != "" {
				if f == nil || f.Code != c.code || got != None {
					t.Errorf("%s is read %s, %v", c.text, tab.show(got), f)
				}
			} else if f != nil || got != tab.EntityOf(c.typ, c.id) {
				t.Errorf("%s is read %s, %v", c.text, tab.show(got), f)
			}
		}
	}
	tab := NewTable(Key{})
	doc := tab.String("Doc")
	for _, c := range []struct {
		reader *EntityText
		text   string
	}{
		{&plain, "alice"}, {&plain, "a b:c"}, {&plain, "9user:x"}, {&plain, ":x"}, {&plain, "::x"}, {&plain, "bob@example.com"}, {&plain, "日本:x"}, {&plain, "/a:b"}, {&plain, "a-b:c"}, {&plain, `"User::x"`}, {&plain, ` User::"x"`}, {&plain, "é::x"},
		{&quoted, "user:alice"}, {&quoted, "user:"}, {&quoted, "s3:GetObject"},
	} {
		if got, f := c.reader.Parse(tab, []byte(c.text), doc); f != nil || got != tab.EntityOf("Doc", c.text) {
			t.Errorf("%s is read %s, %v", c.text, tab.show(got), f)
		}
		if got, f := c.reader.Parse(tab, []byte(c.text), None); f == nil || f.Code != CodeEntityBare || got != None {
			t.Errorf("%s without a type is read %s, %v", c.text, tab.show(got), f)
		}
	}
	if got, f := quoted.Parse(tab, []byte(`User::"x"`), None); f != nil || got != tab.EntityOf("User", "x") {
		t.Errorf("the quoted form is read %s, %v", tab.show(got), f)
	}
}

func TestParseAction(t *testing.T) {
	tab := NewTable(Key{})
	action := tab.String("Action")
	plain, quoted := EntityText{}, EntityText{Quoted: true}
	for _, c := range []struct {
		reader  *EntityText
		text    string
		typ, id string
		code    source.Code
	}{
		{&plain, "read", "Action", "read", ""}, {&plain, "s3:GetObject", "Action", "s3:GetObject", ""}, {&plain, "tools/call", "Action", "tools/call", ""}, {&plain, "action:read", "Action", "read", ""}, {&plain, "action:a:b", "Action", "a:b", ""},
		{&plain, `Action::"read"`, "Action", "read", ""}, {&plain, `App::Action::"a\tb"`, "App::Action", "a\tb", ""}, {&plain, `User::"read"`, "Action", `User::"read"`, ""}, {&plain, "std::string", "Action", "std::string", ""}, {&plain, "user:read", "Action", "user:read", ""},
		{&plain, "action::read", "Action", "action::read", ""}, {&plain, "Action:read", "Action", "Action:read", ""}, {&plain, `Reaction::"x"`, "Action", `Reaction::"x"`, ""},
		{&plain, "", "", "", CodeEntityEmpty}, {&plain, "action:", "", "", CodeEntityEmpty}, {&plain, "Action::read", "", "", CodeEntityText}, {&plain, `Action::"read`, "", "", CodeEntityText},
		{&quoted, "action:read", "Action", "action:read", ""}, {&quoted, `Action::"read"`, "Action", "read", ""},
	} {
		got, f := c.reader.ParseAction(tab, []byte(c.text), action)
		if c.code != "" {
			if f == nil || f.Code != c.code || got != None {
				t.Errorf("%s is read %s, %v", c.text, tab.show(got), f)
			}
		} else if f != nil || got != tab.EntityOf(c.typ, c.id) {
			t.Errorf("%s is read %s, %v", c.text, tab.show(got), f)
		}
	}
}

// Reading what is written gives the same entity, whatever its id.
func TestEntityText_readsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab := NewTable(Key{})
		v := tab.EntityOf(rapid.SampledFrom([]string{"User", "App::User", "user"}).Draw(t, "type"), genText.Draw(t, "id"))
		var reader EntityText
		if got, f := reader.Parse(tab, tab.Append(nil, v), None); f != nil || got != v {
			t.Fatalf("%s is read %s, %v", tab.Append(nil, v), tab.show(got), f)
		}
	})
}

func TestEntityText_doesNotAllocate(t *testing.T) {
	tab := NewTable(Key{})
	reader := knowing("Doc")
	user, action := tab.String("User"), tab.String("Action")
	texts := [][]byte{[]byte("alice"), []byte("user:alice"), []byte("api_key:7"), []byte(`App::User::"a\tb"`), []byte("Doc:readme")}
	read := func() {
		for _, text := range texts {
			if _, f := reader.Parse(tab, text, user); f != nil {
				t.Fatal(f)
			}
			if _, f := reader.ParseAction(tab, text, action); f != nil {
				t.Fatal(f)
			}
		}
	}
	read()
	if n := testing.AllocsPerRun(100, read); n > 0 {
		t.Errorf("reading known entities allocates %v times", n)
	}
}

func FuzzEntityText(f *testing.F) {
	for _, s := range []string{`User::"alice"`, `A::B::"\u{41}\""`, "user:alice", "api_key:7", "alice", "A::b", `A::"x\"`, "", ":", "a:", "::", `A::""`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tab := NewTable(Key{})
		var plain EntityText
		quoted := EntityText{Quoted: true}
		doc := tab.String("Doc")
		v, fault := plain.Parse(tab, []byte(text), doc)
		strict, strictFault := quoted.Parse(tab, []byte(text), doc)
		if fault == nil && (v.Kind() != KindEntity || !IsTypePath(tab.TextString(tab.EntityType(v)))) {
			t.Fatalf("%q is read %s", text, tab.Append(nil, v))
		}
		// Without the form type:id, an id chooses its type by the quoted form alone.
		if strictFault == nil && tab.EntityType(strict) != doc && !strings.Contains(text, `::"`) {
			t.Fatalf("%q is read %s", text, tab.Append(nil, strict))
		}
		if untyped, bare := plain.Parse(tab, []byte(text), None); bare == nil && (fault != nil || untyped != v) {
			t.Fatalf("%q is read %s with a default and %s without", text, tab.Append(nil, v), tab.Append(nil, untyped))
		}
		if _, f := plain.ParseAction(tab, []byte(text), doc); f != nil && text != "" && !strings.HasPrefix(text, "action:") && !strings.Contains(text, "Action::") {
			t.Fatalf("%q is no action: %v", text, f)
		}
	})
}
