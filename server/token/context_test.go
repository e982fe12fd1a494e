package token

import "testing"

func TestContextOf(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{}`, `{}`},
		{`{"sub":"ann","n":1,"ok":true,"no":false}`, `{"sub":"ann","n":1,"ok":true,"no":false}`},
		{`{"a":null,"b":1}`, `{"b":1}`},
		{`{"a":[1,null,"x",[null]],"b":{"c":null}}`, `{"a":[1,"x",[]],"b":{}}`},
		{`{"a":1.5,"b":-0.0001,"c":1.23456,"d":1e3,"e":9223372036854775807,"f":9223372036854775808}`,
			`{"a":{"__extn":{"fn":"decimal","arg":"1.5"}},"b":{"__extn":{"fn":"decimal","arg":"-0.0001"}},"e":9223372036854775807}`},
		{`{"a":922337203685477.5807,"b":922337203685477.5808,"c":1.5e1,"d":1.0}`,
			`{"a":{"__extn":{"fn":"decimal","arg":"922337203685477.5807"}},"d":{"__extn":{"fn":"decimal","arg":"1.0"}}}`},
		{`{"__entity":{"type":"User","id":"root"},"who":{"__entity":{"type":"User","id":"root"}},"x":1}`, `{"who":{},"x":1}`},
		{`{"list":[{"__extn":{"fn":"ip","arg":"10.0.0.1"}}],"\u005f_expr":1}`, `{"list":[{}]}`},
		{`{"a":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]],"b":{"c":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}}`, `{"a":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]],"b":{"c":[[[[[[[[[[[[[[]]]]]]]]]]]]]]}}`},
		{`{"q\"":"\u00e9\n"}`, `{"q\"":"\u00e9\n"}`},
	} {
		members, ok := readMembers([]byte(c.in))
		if !ok {
			t.Fatalf("%s can't be read", c.in)
		}
		if got := string(contextOf(members)); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestReadMembers_refused(t *testing.T) {
	for _, in := range []string{``, `[]`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,}`, `{"a":1}{}`, `{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, "{\"\xff\":1}", `{"a":"\ud800"}`} {
		if m, ok := readMembers([]byte(in)); ok {
			t.Errorf("%q gives %v", in, m)
		}
	}
}

func TestMember_texts(t *testing.T) {
	for in, want := range map[string]int{`{"a":[]}`: 0, `{"a":["x","y"]}`: 2, `{"a":["x",1]}`: -1, `{"a":"x"}`: -1, `{"a":[["x"]]}`: -1} {
		members, _ := readMembers([]byte(in))
		list, ok := members[0].texts()
		if ok != (want >= 0) || ok && len(list) != want {
			t.Errorf("%s: %q, %v", in, list, ok)
		}
	}
}
