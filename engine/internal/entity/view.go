package entity

import "github.com/rune-authz/rune/engine/internal/value"

// Deriver answers for what rules add to entities, united with what is stored: it asks the view's Stored methods for that.
type Deriver interface {
	// Field reads an attribute, or with tag a tag.
	Field(uid, name value.Value, tag bool) (value.Value, Status, *value.Fault)
	// In reports whether a is b or has it as an ancestor.
	In(a, b value.Value) (Tri, *value.Fault)
	// Ancestors appends the ancestors of an entity, the entity itself included, each once. Where it says Erred there may be
	// more of them.
	Ancestors(uid value.Value, dst []value.Value) ([]value.Value, Status, *value.Fault)
}

// View is what one request sees of the entities: the store, over it the request's own entities, each of which replaces the
// stored one whole, and what rules derive. It is meant for reuse and not safe for concurrent use.
type View struct {
	table *value.Table
	store *Store

	patches []Entity
	names   []value.Value // of the patches
	parents []value.Value // memory for the parents of patches
	places  []place       // by entity number, for patches
	epoch   uint32        // of places

	deriver                                   Deriver
	derivesParents, derivesAttrs, derivesTags bool
	fault                                     *value.Fault

	walk walk
}

// place is the index of a patch, where its epoch is the current one.
type place struct{ epoch, index uint32 }

// NewView returns a view of s, without patch and derived rows.
func NewView(t *value.Table, s *Store) *View { return &View{table: t, store: s, epoch: 1} }

// Reset drops the patch, and the fault of the last request. What is derived stays as [View.Derive] said.
func (v *View) Reset() {
	v.patches, v.names, v.parents, v.fault = v.patches[:0], v.names[:0], v.parents[:0], nil
	v.epoch++
	if v.epoch == 0 {
		clear(v.places)
		v.epoch = 1
	}
}

// Derive says who answers for derived rows, and of which of the three there are any. A nil Deriver means none.
func (v *View) Derive(d Deriver, parents, attrs, tags bool) {
	v.deriver = d
	v.derivesParents, v.derivesAttrs, v.derivesTags = d != nil && parents, d != nil && attrs, d != nil && tags
}

// Deriver is who answers for derived rows, or nil.
func (v *View) Deriver() Deriver { return v.deriver }

// DeriveBy lets d answer for the rows that there are by the last [View.Derive].
func (v *View) DeriveBy(d Deriver) { v.deriver = d }

// Patch lays e over the stored entity of that name; of two patches of one name the last counts. The parents are copied.
func (v *View) Patch(e Entity) {
	start := len(v.parents)
	v.parents = append(v.parents, e.Parents...)
	e.Parents = distinct(v.table, v.parents[start:len(v.parents):len(v.parents)])
	if i, ok := v.patch(e.UID); ok {
		v.patches[i] = e
		return
	}
	n := e.UID.Number()
	if n >= len(v.places) {
		v.places = append(v.places, make([]place, n+1-len(v.places))...)
	}
	v.places[n] = place{epoch: v.epoch, index: uint32(len(v.patches))}
	v.patches = append(v.patches, e)
	v.names = append(v.names, e.UID)
}

// Patched reports whether the request brought entities.
func (v *View) Patched() bool { return len(v.patches) > 0 }

// Patches returns the names of the request's own entities, in the order given. The slice lasts until Reset.
func (v *View) Patches() []value.Value { return v.names }

// patch returns the index of an entity's patch.
func (v *View) patch(uid value.Value) (int, bool) {
	if len(v.patches) == 0 || uid.Kind() != value.KindEntity {
		return 0, false
	}
	if n := uid.Number(); n < len(v.places) && v.places[n].epoch == v.epoch {
		return int(v.places[n].index), true
	}
	return 0, false
}

// get returns an entity as the request sees it without derived rows, or nil.
func (v *View) get(uid value.Value) *Entity {
	if i, ok := v.patch(uid); ok {
		return &v.patches[i]
	}
	return v.store.Get(uid)
}

// Exists reports whether the store or the patch holds the entity.
func (v *View) Exists(uid value.Value) bool { return v.get(uid) != nil }

// StoredAttrs returns the record of the attributes that nothing derived, or None where there is no such entity.
func (v *View) StoredAttrs(uid value.Value) value.Value {
	if e := v.get(uid); e != nil {
		return e.Attrs
	}
	return value.None
}

// StoredTags returns the record of the tags that nothing derived, or None where there is no such entity.
func (v *View) StoredTags(uid value.Value) value.Value {
	if e := v.get(uid); e != nil {
		return e.Tags
	}
	return value.None
}

// StoredParents returns the direct parents that nothing derived, in value order. The slice lasts until Reset.
func (v *View) StoredParents(uid value.Value) []value.Value {
	if e := v.get(uid); e != nil {
		return e.Parents
	}
	return nil
}

// Attr reads an attribute of an entity.
func (v *View) Attr(uid, name value.Value) (value.Value, Status) {
	if v.derivesAttrs {
		return v.derived(uid, name, false)
	}
	return v.stored(v.StoredAttrs(uid), name)
}

// Tag reads a tag of an entity.
func (v *View) Tag(uid, name value.Value) (value.Value, Status) {
	if v.derivesTags {
		return v.derived(uid, name, true)
	}
	return v.stored(v.StoredTags(uid), name)
}

// HasAttr reports whether an entity has an attribute.
func (v *View) HasAttr(uid, name value.Value) Tri {
	_, status := v.Attr(uid, name)
	return has(status)
}

// HasTag reports whether an entity has a tag.
func (v *View) HasTag(uid, name value.Value) Tri {
	_, status := v.Tag(uid, name)
	return has(status)
}

func has(s Status) Tri {
	if s == Erred {
		return Err
	}
	return TriOf(s == OK)
}

func (v *View) stored(record, name value.Value) (value.Value, Status) {
	if record == value.None {
		return value.None, Absent
	}
	if f := v.table.Field(record, name); f != value.None {
		return f, OK
	}
	return value.None, Absent
}

func (v *View) derived(uid, name value.Value, tag bool) (value.Value, Status) {
	x, status, fault := v.deriver.Field(uid, name, tag)
	if status == Erred {
		v.fault = fault
	}
	return x, status
}

// Fault returns what the last Erred or Err was about.
func (v *View) Fault() *value.Fault { return v.fault }
