package main

import (
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// library are the packages that other modules import.
var library = []string{"./message", "./lab", "./lab/labtest", "./lab/claim", "./lab/trace", "./lab/containertest", "./lab/script", "./lab/netns", "./lab/docker", "./sniffer/..."}

// What the library exports can be named by other modules: no signature, field or
// method has a type of internal/ but by a name of an exported package.
func TestLibraryNeedsNoInternalType(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}\t{{.DepOnly}}\t{{.Name}}"}, library...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports, looked := map[string]string{}, []string{}
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		exports[f[0]] = f[1]
		// What is internal, and commands, nobody imports.
		if f[2] == "false" && f[3] != "main" && f[3] != "cli" && !strings.Contains(f[0], "/internal/") {
			looked = append(looked, f[0])
		}
	}
	if len(looked) < len(library) {
		t.Fatalf("only %q are looked at", looked)
	}
	from := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, path := range looked {
		p, err := from.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range unnameable(p) {
			t.Errorf("%s: %s", path, found)
		}
	}
}

// The test above finds what it looks for.
func TestUnnameableIsFound(t *testing.T) {
	hidden := types.NewPackage("m/internal/hidden", "hidden")
	shown := types.NewPackage("m/shown", "shown")
	secret := types.NewNamed(types.NewTypeName(token.NoPos, hidden, "Secret", nil), types.Typ[types.Int], nil)
	alias := types.NewAlias(types.NewTypeName(token.NoPos, shown, "Name", nil), secret)
	for _, test := range []struct {
		typ  types.Type
		want int
	}{
		{types.Typ[types.String], 0}, {secret, 1}, {types.NewPointer(secret), 1}, {types.NewSlice(secret), 1}, {types.NewMap(secret, secret), 2},
		{types.NewChan(types.SendRecv, secret), 1}, {alias, 0}, {types.NewPointer(alias), 0},
		{types.NewStruct([]*types.Var{types.NewField(token.NoPos, shown, "Open", secret, false), types.NewField(token.NoPos, shown, "closed", secret, false)}, nil), 1},
		{types.NewSignatureType(nil, nil, nil, types.NewTuple(types.NewVar(token.NoPos, shown, "a", secret)), types.NewTuple(types.NewVar(token.NoPos, shown, "", secret)), false), 2},
		{types.NewAlias(types.NewTypeName(token.NoPos, hidden, "Alias", nil), types.Typ[types.Int]), 1},
	} {
		p := types.NewPackage("m/user", "user")
		p.Scope().Insert(types.NewVar(token.NoPos, p, "V", test.typ))
		if found := unnameable(p); len(found) != test.want {
			t.Errorf("%s: found %q, want %d", test.typ, found, test.want)
		}
	}
}

func isInternal(p *types.Package) bool {
	return p != nil && strings.Contains("/"+p.Path()+"/", "/internal/")
}

// unnameable says what a package exports that has a type of internal/.
func unnameable(p *types.Package) (found []string) {
	seen := map[types.Type]bool{}
	var look func(what string, t types.Type)
	tuple := func(what string, t *types.Tuple) {
		for v := range t.Variables() {
			look(what, v.Type())
		}
	}
	members := func(what string, t types.Type) {
		look(what, t.Underlying())
		for m := range types.NewMethodSet(types.NewPointer(t)).Methods() {
			if m.Obj().Exported() {
				look(what+"."+m.Obj().Name(), m.Type())
			}
		}
	}
	look = func(what string, t types.Type) {
		switch t := t.(type) {
		case *types.Alias:
			if isInternal(t.Obj().Pkg()) {
				found = append(found, fmt.Sprintf("%s has %s", what, t))
			}
		case *types.Named:
			if isInternal(t.Obj().Pkg()) {
				found = append(found, fmt.Sprintf("%s has %s", what, t))
			}
			for arg := range t.TypeArgs().Types() {
				look(what, arg)
			}
			if t.Obj().Pkg() == p && !seen[t] { // an unexported type that an exported name hands out
				seen[t] = true
				members(t.Obj().Name(), t)
			}
		case *types.Struct:
			for f := range t.Fields() {
				if f.Exported() {
					look(what+"."+f.Name(), f.Type())
				}
			}
		case *types.Interface:
			for m := range t.Methods() {
				look(what+"."+m.Name(), m.Type())
			}
		case *types.Signature:
			tuple(what, t.Params())
			tuple(what, t.Results())
		case *types.Map:
			look(what, t.Key())
			look(what, t.Elem())
		case interface{ Elem() types.Type }:
			look(what, t.Elem())
		}
	}
	for _, name := range p.Scope().Names() {
		if o := p.Scope().Lookup(name); o.Exported() {
			look(name, o.Type())
		}
	}
	return found
}
