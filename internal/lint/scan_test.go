package lint

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
)

// impurities lists, with positions, what in the files of a package has state or runs at the same time.
func impurities(path string, files map[string]string, imp types.Importer) ([]string, error) {
	fset := token.NewFileSet()
	var parsed []*ast.File
	for name, text := range files {
		f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, f)
	}
	info := &types.Info{
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Types: map[ast.Expr]types.TypeAndValue{},
	}
	config := types.Config{Importer: imp}
	if _, err := config.Check(path, fset, parsed, info); err != nil {
		return nil, err
	}
	s := &scan{fset: fset, info: info, aliases: map[*types.Var]bool{}}
	for _, f := range parsed {
		ast.Inspect(f, s.visit)
	}
	slices.Sort(s.found)
	return s.found, nil
}

// scan looks for impurities in syntax trees.
type scan struct {
	fset    *token.FileSet
	info    *types.Info
	aliases map[*types.Var]bool // local variables that lead to package-level ones
	found   []string
}

func (s *scan) report(at ast.Node, format string, args ...any) {
	s.found = append(s.found, fmt.Sprintf("%s: ", s.fset.Position(at.Pos()))+fmt.Sprintf(format, args...))
}

func (s *scan) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		s.report(n, "a goroutine")
	case *ast.SelectStmt:
		s.report(n, "a select")
	case *ast.ChanType:
		s.report(n, "a channel")
	case *ast.AssignStmt:
		for i, l := range n.Lhs {
			s.write(l, false)
			if len(n.Rhs) == len(n.Lhs) {
				s.alias(l, n.Rhs[i])
			}
		}
	case *ast.ValueSpec:
		for i, v := range n.Values {
			if len(n.Values) == len(n.Names) {
				s.alias(n.Names[i], v)
			}
		}
	case *ast.IncDecStmt:
		s.write(n.X, false)
	case *ast.RangeStmt:
		s.write(n.Key, false)
		s.write(n.Value, false)
	case *ast.CallExpr:
		s.call(n)
	}
	return true
}

// call finds built-in functions that change their first argument, and methods that may change their receiver.
func (s *scan) call(n *ast.CallExpr) {
	switch f := ast.Unparen(n.Fun).(type) {
	case *ast.Ident:
		if b, ok := s.info.Uses[f].(*types.Builtin); ok && slices.Contains([]string{"delete", "clear", "copy"}, b.Name()) {
			s.write(n.Args[0], true)
		}
	case *ast.SelectorExpr:
		sel := s.info.Selections[f]
		if sel == nil || sel.Kind() != types.MethodVal {
			return
		}
		_, byAddress := sel.Obj().Type().(*types.Signature).Recv().Type().(*types.Pointer)
		if _, pointer := sel.Recv().(*types.Pointer); byAddress && !pointer {
			s.write(f.X, false)
		}
	}
}

// write reports e if it is a package-level variable or a part of one, or lies behind a local variable that leads to one. Through says
// that what changes is behind e, as the elements are behind a slice.
func (s *scan) write(e ast.Expr, through bool) {
	id, behind := base(e)
	if id == nil {
		return
	}
	v, ok := s.object(id).(*types.Var)
	if ok && (global(v) || s.aliases[v] && (behind || through)) {
		s.report(id, "%s changes", id.Name)
	}
}

// alias notes that local variable l leads to a package-level variable, if r is one's address, a slice of one, or one that refers to
// what it holds. What functions are given and return isn't followed.
func (s *scan) alias(l, r ast.Expr) {
	id, ok := l.(*ast.Ident)
	if !ok {
		return
	}
	r = ast.Unparen(r)
	if u, ok := r.(*ast.UnaryExpr); ok && u.Op == token.AND {
		r = u.X
	} else if _, ok := r.(*ast.SliceExpr); !ok && !refers(s.info.TypeOf(r)) {
		return
	}
	from, _ := base(r)
	if from == nil {
		return
	}
	v, ok := s.object(from).(*types.Var)
	local, isVar := s.object(id).(*types.Var)
	if ok && isVar && (global(v) || s.aliases[v]) && !global(local) {
		s.aliases[local] = true
	}
}

// refers reports whether values of type t lead to what others hold as well. A type switch has no type.
func refers(t types.Type) bool {
	if t == nil {
		return false
	}
	switch t.Underlying().(type) {
	case *types.Slice, *types.Map, *types.Pointer:
		return true
	}
	return false
}

func (s *scan) object(id *ast.Ident) types.Object {
	if o := s.info.Defs[id]; o != nil {
		return o
	}
	return s.info.Uses[id]
}

func global(v *types.Var) bool { return v.Pkg() != nil && v.Parent() == v.Pkg().Scope() }

// base is the variable that e is, or is a part of or lies behind, which behind tells. It is nil for other expressions.
func base(e ast.Expr) (id *ast.Ident, behind bool) {
	for e != nil {
		switch x := ast.Unparen(e).(type) {
		case *ast.Ident:
			return x, behind
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		default:
			return nil, false
		}
		behind = true
	}
	return nil, false
}
