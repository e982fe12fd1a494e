package schema

import (
	"strings"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// order sorts the declarations of a kind so that each comes after those that it refers to, and reports a cycle if there is one. It also
// reports chains of references that are longer than MaxDepth, since cedar-go follows them recursively.
func (n *names) order(kind declKind) []int {
	uses := make([][]int, len(n.decls)) // by declaration: those of the kind that it refers to
	users := make([][]int, len(n.decls))
	for i, r := range n.refs {
		target := n.targets[i]
		if target < 0 || n.decls[target].kind != kind {
			continue
		}
		for owner := r.first; owner <= r.last; owner++ {
			if n.decls[owner].kind == kind {
				uses[owner] = append(uses[owner], target)
				users[target] = append(users[target], owner)
			}
		}
	}
	var sorted []int
	missing := make([]int, len(n.decls)) // uses not sorted yet
	length := make([]int, len(n.decls))  // of the longest chain
	for i := range n.decls {
		if missing[i] = len(uses[i]); missing[i] == 0 && n.decls[i].kind == kind {
			sorted = append(sorted, i)
		}
	}
	for k := 0; k < len(sorted); k++ {
		i := sorted[k]
		if length[i]++; length[i] == value.MaxDepth+1 {
			n.diags.Errorf(n.decls[i].span, CodeDepth, "%s stands on top of more than %d others", &n.decls[i], value.MaxDepth)
		}
		for _, u := range users[i] {
			length[u] = max(length[u], length[i])
			if missing[u]--; missing[u] == 0 {
				sorted = append(sorted, u)
			}
		}
	}
	n.cycle(uses, missing)
	return sorted
}

// cycle reports the first cycle among the declarations that still miss something.
func (n *names) cycle(uses [][]int, missing []int) {
	for i := range missing {
		if missing[i] == 0 {
			continue
		}
		var path []int
		seen := map[int]int{}
		for at := i; ; {
			if start, ok := seen[at]; ok {
				n.reportCycle(path[start:])
				return
			}
			seen[at] = len(path)
			path = append(path, at)
			for _, u := range uses[at] {
				if missing[u] > 0 {
					at = u
					break
				}
			}
		}
	}
}

func (n *names) reportCycle(path []int) {
	first := &n.decls[path[0]]
	var b strings.Builder
	for _, i := range path {
		b.WriteString(n.decls[i].name + " -> ")
	}
	d := n.diags.Errorf(first.span, CodeCycle, "%s refers to itself: %s%s", first, b.String(), first.name)
	for _, i := range path[1:] {
		d.Related = append(d.Related, source.Related{Span: n.decls[i].span, Message: "through " + n.decls[i].String()})
	}
}
