package cedar

import "github.com/rune-authz/rune/engine/internal/value"

// The closures that expressions are made of. None of them allocates. Each counts a step unless it is a leaf.

func variable(name string) expr {
	switch name {
	case "principal":
		return func(e *Env) value.Value { return e.Principal }
	case "action":
		return func(e *Env) value.Value { return e.Action }
	case "resource":
		return func(e *Env) value.Value { return e.Resource }
	}
	return func(e *Env) value.Value { return e.Context }
}

// notBool is the failure of v where a bool is needed; v may be None, having failed already.
func (e *Env) notBool(v value.Value) value.Value {
	if v == value.None {
		return value.None
	}
	return e.fail(Failure{kind: failType, want: "a bool", a: v})
}

func not(arg expr) expr {
	return func(e *Env) value.Value {
		e.Steps++
		v := arg(e)
		if v.Kind() != value.KindBool {
			return e.notBool(v)
		}
		return v ^ 1
	}
}

func choose(cond, then, otherwise expr) expr {
	return func(e *Env) value.Value {
		if !e.step() {
			return value.None
		}
		v := cond(e)
		switch v {
		case value.True:
			return then(e)
		case value.False:
			return otherwise(e)
		}
		return e.notBool(v)
	}
}

// pair evaluates two expressions, left to right, and passes their values on.
func pair(left, right expr, f func(e *Env, l, r value.Value) value.Value) expr {
	return func(e *Env) value.Value {
		e.Steps++
		l := left(e)
		if l == value.None {
			return value.None
		}
		r := right(e)
		if r == value.None {
			return value.None
		}
		return f(e, l, r)
	}
}

// equal gives same where the sides are equal, else the other bool.
func equal(left, right compiled, same value.Value) expr {
	l, r := left.run, right.run
	if v := right.constant; v != value.None {
		return func(e *Env) value.Value {
			e.Steps++
			switch l(e) {
			case v:
				return same
			case value.None:
				return value.None
			}
			return same ^ 1
		}
	}
	return pair(l, r, func(_ *Env, l, r value.Value) value.Value {
		if l == r {
			return same
		}
		return same ^ 1
	})
}

// compare orders two expressions. Comparing with a constant number is by far the most frequent form.
func compare(left, right compiled, table *value.Table, holds func(int) bool) expr {
	if right.constant != value.None && right.constant.Kind() == value.KindLong {
		return compareLong(left.run, right.constant, table.LongOf(right.constant), [3]value.Value{
			value.Bool(holds(-1)), value.Bool(holds(0)), value.Bool(holds(1))})
	}
	return pair(left.run, right.run, func(e *Env, l, r value.Value) value.Value {
		c, ok := e.order(l, r)
		if !ok {
			return value.None
		}
		return value.Bool(holds(c))
	})
}

// compareLong gives the first of the outcomes if the left side is less than a number, the second if it is equal, else the third.
func compareLong(left expr, right value.Value, number int64, outcomes [3]value.Value) expr {
	less, equal, greater := outcomes[0], outcomes[1], outcomes[2]
	return func(e *Env) value.Value {
		e.Steps++
		l := left(e)
		switch {
		case l == value.None:
			return value.None
		case l.Kind() != value.KindLong:
			e.order(l, right) // says what is wrong with it
			return value.None
		}
		switch n := e.Table.LongOf(l); {
		case n < number:
			return less
		case n == number:
			return equal
		}
		return greater
	}
}

// membership is an operation that goes through sets.
func membership(op value.Op, left, right expr) expr {
	return pair(left, right, func(e *Env, l, r value.Value) value.Value {
		if op != value.OpContains && r.Kind() == value.KindSet {
			e.Steps += len(e.Table.Members(r))
		}
		a := [2]value.Value{l, r}
		return e.apply(op, a[:])
	})
}

func has(arg expr, name value.Value) expr {
	return func(e *Env) value.Value {
		e.Steps++
		v := arg(e)
		if v == value.None {
			return value.None
		}
		return e.has(v, name)
	}
}

func like(arg expr, parts []string) expr {
	return func(e *Env) value.Value {
		e.Steps++
		v := arg(e)
		if v == value.None || !e.isKind(v, value.KindString) {
			return value.None
		}
		return value.Bool(e.Table.Like(v, parts))
	}
}

func is(arg expr, typ value.Value) expr {
	return func(e *Env) value.Value {
		e.Steps++
		v := arg(e)
		if v == value.None || !e.isKind(v, value.KindEntity) {
			return value.None
		}
		return value.Bool(e.Table.EntityType(v) == typ)
	}
}

// isIn evaluates its right side only where the type fits.
func isIn(left expr, typ value.Value, right expr) expr {
	return func(e *Env) value.Value {
		e.Steps++
		l := left(e)
		if l == value.None || !e.isKind(l, value.KindEntity) {
			return value.None
		}
		if e.Table.EntityType(l) != typ {
			return value.False
		}
		r := right(e)
		if r == value.None {
			return value.None
		}
		return e.in(l, r)
	}
}

// accumulate works off a chain of operations from the left.
func accumulate(first expr, terms []term) expr {
	return func(e *Env) value.Value {
		v := first(e)
		for i := range terms {
			if v == value.None || !e.step() {
				return value.None
			}
			r := terms[i].operand.run(e)
			if r == value.None {
				return value.None
			}
			a := [2]value.Value{v, r}
			v = e.apply(terms[i].op, a[:])
		}
		return v
	}
}

// gather evaluates expressions and makes one value of their values.
func gather(elems []compiled, build func(*value.Table, []value.Value) value.Value) expr {
	return func(e *Env) value.Value {
		base := len(e.stack)
		for _, el := range elems {
			v := value.None
			if e.step() {
				v = el.run(e)
			}
			if v == value.None {
				e.stack = e.stack[:base]
				return value.None
			}
			e.stack = append(e.stack, v)
		}
		v := build(e.Table, e.stack[base:])
		e.stack = e.stack[:base]
		if fault := e.Table.Bounded(v); fault != nil {
			return e.fail(Failure{kind: failFault, fault: fault})
		}
		return v
	}
}
