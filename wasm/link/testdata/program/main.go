// Command program does what makes Go's stacks move, unwind and be scanned, and prints what comes of it, the same wherever it runs.
package main

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
)

func main() {
	debug.SetGCPercent(1)
	for _, part := range []func() any{grows, bigFrames, recovers, recoversDeep, defers, wrappers, results, closures, goroutines, generators, moves, shrinks, floats} {
		done := make(chan any)
		go func() { done <- part() }() // on a stack that is small
		fmt.Println(<-done)
	}
}

// node lies on the stack of the function that made it, and points to that of its caller.
type node struct {
	up    *node
	value int
	text  string
	rest  [5]int
}

//go:noinline
func descend(depth int, up *node, garbage []byte) int {
	n := node{up: up, value: depth, text: "n"}
	n.rest[depth%5] = depth
	if depth%7 == 0 {
		garbage = make([]byte, 1000)
	}
	if depth == 0 {
		sum := len(garbage)
		for at := &n; at != nil; at = at.up {
			sum = sum*31 + at.value + at.rest[at.value%5] + len(at.text)
			at.value++
		}
		return sum
	}
	sum := descend(depth-1, &n, garbage)
	return sum*7 + n.value + n.rest[depth%5]
}

func grows() any {
	return []int{descend(10, nil, nil), descend(1000, nil, nil), descend(20000, nil, nil)}
}

//go:noinline
func big(depth int) (out [3000]int) {
	var mine [2000]int
	for i := range mine {
		mine[i] = depth * i
	}
	if depth > 0 {
		out = big(depth - 1)
	}
	for i := range out {
		out[i] += mine[i%len(mine)] ^ depth
	}
	return out
}

func bigFrames() any {
	sum := 0
	for i, x := range big(40) {
		sum += i ^ x
	}
	return sum
}

// attempt gives what f panics with.
//
//go:noinline
func attempt(f func() int) (n int, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			err = r
		default:
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return f(), nil
}

type shape interface{ area() int }

type square struct{ side int }

func (s *square) area() int { return s.side * s.side }

func recovers() any {
	var none *square
	var m map[string]int
	var s shape
	list, zero := []int{1, 2, 3}, 0
	var out []string
	for i, f := range []func() int{
		func() int { return list[len(list)+zero] },
		func() int { return len(list[2:][:9]) },
		func() int { return len(list[len(list)-zero : zero]) },
		func() int { return 1 / zero },
		func() int { return none.side },
		func() int { return none.area() },
		func() int { return s.area() },
		func() int { m["a"] = 1; return 0 },
		func() int { return any(list[0]).(shape).area() },
		func() int { return len(any("a").([]int)) },
		func() int { return len(make([]int, zero-1)) },
		func() int { return 1 << (zero - 1) },
		func() int { return len([4]int(list)) },
		func() int { return len(strings.Repeat("a", -1)) },
		func() int { var c chan int; close(c); return 0 },
		func() int { panic(errors.New("mine")) },
		func() int { return list[i(2)] },
	} {
		n, err := attempt(f)
		out = append(out, fmt.Sprint(i, n, err))
	}
	return strings.Join(out, "; ")
}

func i(n int) int { return n }

// recoversDeep panics below frames that recover, panic anew, and go on with what they had.
func recoversDeep() any {
	var trail []int
	var down func(depth int, p *int) int
	down = func(depth int, p *int) (n int) {
		kept, local := make([]int, 3), depth
		defer func() {
			r := recover()
			if r == nil {
				return
			}
			runtime.GC()
			trail = append(trail, depth, local, len(kept), *p)
			if n = r.(int)%1000 + local; depth%60 != 29 {
				panic(n)
			}
		}()
		if depth == 0 {
			panic(1)
		}
		if local += down(depth-1, &local) % 1000; depth%60 == 45 {
			panic(local)
		}
		return local + *p
	}
	start := 5
	n, err := attempt(func() int { return down(130, &start) })
	return fmt.Sprint(n, err, trail)
}

func defers() any {
	var out []int
	count := func(n int) (sum int) {
		for k := range n {
			defer func() { sum = sum*3 + k; out = append(out, sum) }()
		}
		defer func() { sum++ }()
		if n > 3 {
			defer runtime.Gosched()
			return n
		}
		return -n
	}
	return fmt.Sprint(count(3), count(6), out)
}

type inner struct{ total int }

//go:noinline
func (x *inner) add(n int) int { x.total += n; return x.total }

func (x inner) get(n int) string { return fmt.Sprint(x.total, n) }

type outer struct{ *inner }

type adder interface {
	add(n int) int
	get(n int) string
}

// wrappers calls methods by what the compiler writes around them.
func wrappers() any {
	direct := struct{ inner }{inner{1}}
	list := []adder{&inner{2}, outer{&inner{3}}, &outer{&inner{4}}, &direct}
	var out []any
	for range 3 {
		for n, a := range list {
			runtime.GC()
			out = append(out, a.add(n), a.get(n))
		}
	}
	f, g := adder.add, direct.add
	out = append(out, f(list[3], 7), g(1))
	for _, a := range []adder{outer{}, (*outer)(nil), (*inner)(nil)} {
		n, err := attempt(func() int { return a.add(1) + len(a.get(1)) })
		out = append(out, n, err)
	}
	return out
}

//go:noinline
func many(a int, b string, c []int, d float64, e [4]int, f func() int) (int, string, []int, float64, [4]int, error) {
	for n := range e {
		e[n] += f()
	}
	return a + 1, b + "!", append(c, a), d / 3, e, errors.New(b)
}

func results() any {
	a, b, c, d, e := 1, "x", []int{}, 1.5, [4]int{1, 2, 3}
	var err error
	for n := range 20 {
		a, b, c, d, e, err = many(a, b, c, d, e, func() int { runtime.Gosched(); return descend(n*20, nil, nil) })
	}
	return fmt.Sprint(a, b, c, d, e, err)
}

func closures() any {
	var list []func(int) int
	x := 1
	for n := range 10 {
		y := n
		list = append(list, func(z int) int { x += y; y += z; return x*1000 + y })
	}
	var out []int
	for round := range 3 {
		for _, f := range list {
			out = append(out, f(round))
		}
	}
	return fmt.Sprint(out, x)
}

func goroutines() any {
	in, out, quit := make(chan int), make(chan int, 3), make(chan bool)
	var wait sync.WaitGroup
	for n := range 5 {
		wait.Go(func() {
			for {
				select {
				case x := <-in:
					out <- x + descend(x*10, nil, nil)%97 + n - n
				case <-quit:
					return
				}
			}
		})
	}
	sum, sent := 0, 0
	for got := 0; got < 200; {
		next := in
		if sent == 200 {
			next = nil
		}
		select {
		case next <- sent:
			sent++
		case x := <-out:
			sum += x
			got++
		}
	}
	close(quit)
	wait.Wait()
	return sum
}

func walk(n int) func(func(int, string) bool) {
	return func(yield func(int, string) bool) {
		defer runtime.GC()
		for k := range n {
			if !yield(k, strings.Repeat("a", k)) {
				return
			}
		}
	}
}

func generators() any {
	total := 0
	for k, s := range walk(30) {
		if k == 20 {
			break
		}
		if k%2 == 0 {
			continue
		}
		defer func() { total += k }()
		total += len(s) + descend(k, nil, nil)
	}
	next := func() (n int) {
		for k := range walk(9) {
			if k > 5 {
				return k
			}
		}
		return -1
	}
	return total + next()
}

// moves copies and clears blocks of all small sizes, and pointers while there are collections.
func moves() any {
	var sum uint64
	buf := make([]byte, 400)
	for n := range 150 {
		for k := range buf {
			buf[k] = byte(k * n)
		}
		copy(buf[n:], buf[:200])
		copy(buf[:200], buf[n/2:])
		clear(buf[100 : 100+n])
		for _, c := range buf {
			sum = sum*31 + uint64(c)
		}
	}
	m := map[string]*node{}
	var list []*node
	for n := range 5000 {
		x := &node{value: n, text: fmt.Sprint(n)}
		if n > 0 {
			x.up = list[n/2]
		}
		list = append(list, x)
		m[x.text] = x
		*list[n/3] = *x
	}
	slices.SortFunc(list, func(a, b *node) int { return strings.Compare(a.text, b.text) })
	for _, x := range list {
		at := x
		for range 20 {
			if sum = sum*31 + uint64(at.value) + uint64(len(m[at.text].text)); at.up != nil {
				at = at.up
			}
		}
	}
	return sum
}

// shrinks lets collections shrink a stack between two that make it grow.
func shrinks() any {
	here, sum := node{value: 3}, 0
	for n := range 6 {
		sum += descend(4000, &here, nil)
		for range 4 {
			runtime.GC()
			runtime.Gosched()
		}
		sum += descend(n*3, &here, nil) + here.value
	}
	return sum
}

//go:noinline
func mix(a, b float64, c float32, d uint8, e int16, f uint32) float64 {
	if a > b {
		return mix(b, a, -c, d+1, e*3, f<<3) + float64(d)
	}
	return float64(a*float64(c)) - b/float64(f|1) + float64(int64(a)^int64(e))
}

func floats() any {
	sum := 0.0
	for n := range 50 {
		sum += mix(float64(50-n), float64(n)*1.5, float32(n)/4, uint8(n*9), int16(n*999), uint32(n)*99999999)
	}
	return sum
}
