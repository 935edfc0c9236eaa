package main

import (
	"os"
	"testing"

	"golang.org/x/tools/go/packages"

	"wirelab/internal/require"
)

// wirelab, its tests included, has no wrong types on systems that this one is not, nor does
// it use what a package that it imports lacks there. It is read from the source, which takes
// a tenth of compiling it; nothing is linked.
func TestOtherSystems(t *testing.T) {
	require.Long(t, "it reads all that wirelab imports, for each system anew")
	for _, system := range []struct{ os, arch string }{{"darwin", "arm64"}, {"windows", "amd64"}, {"linux", "386"}} {
		t.Run(system.os+"-"+system.arch, func(t *testing.T) {
			loaded, err := packages.Load(&packages.Config{
				Context: t.Context(),
				Mode:    packages.NeedName | packages.NeedImports | packages.NeedDeps | packages.NeedTypes | packages.NeedTypesSizes,
				Env:     append(os.Environ(), "GOOS="+system.os, "GOARCH="+system.arch, "CGO_ENABLED=0"),
				Tests:   true,
			}, "./...")
			if err != nil {
				t.Fatal(err)
			}
			if len(loaded) < 100 {
				t.Errorf("only %d packages are looked at", len(loaded))
			}
			packages.Visit(loaded, nil, func(p *packages.Package) {
				for _, found := range p.Errors {
					t.Errorf("%s: %v", p.PkgPath, found)
				}
			})
		})
	}
}
