package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// entries reads a tar: the text of files, and where links lead to.
func entries(t *testing.T, r io.Reader) map[string]string {
	t.Helper()
	all := map[string]string{}
	for files := tar.NewReader(r); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := all[h.Name]; twice || !h.ModTime.IsZero() && h.ModTime.Unix() != 0 || h.Uid != 0 {
			t.Errorf("%s: twice %v, of %v and user %d", h.Name, twice, h.ModTime, h.Uid)
		}
		all[h.Name] = string(text)
		if h.Typeflag == tar.TypeSymlink {
			all[h.Name] = "-> " + h.Linkname
		}
	}
}

// blob is what a descriptor describes, which must be as it says.
func blob(t *testing.T, layout map[string]string, d v1.Descriptor) string {
	t.Helper()
	data, ok := layout["blobs/sha256/"+d.Digest.Encoded()]
	if !ok || int64(len(data)) != d.Size || digest.FromString(data) != d.Digest {
		t.Fatalf("%s %s: there %v, %d bytes of %d", d.MediaType, d.Digest, ok, len(data), d.Size)
	}
	return data
}

func decode(t *testing.T, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatal(err)
	}
}

func packed(t *testing.T, layers ...content) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, layers, "registry.example:5000/wirelab:1", "arm64"); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func program(t *testing.T) content {
	t.Helper()
	var b bytes.Buffer
	if err := writeTar(&b, []file{{"wirelab", 0o755, strings.NewReader("program")}}); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b.Bytes())
}

// An image is an image layout in which every blob is what is said of it, and the same
// program makes the same image.
func TestWrite(t *testing.T) {
	b := packed(t, program(t))
	if !bytes.Equal(b, packed(t, program(t))) {
		t.Error("the same program makes another image")
	}
	layout := entries(t, bytes.NewReader(b))
	var version v1.ImageLayout
	decode(t, layout["oci-layout"], &version)
	var index v1.Index
	decode(t, layout["index.json"], &index)
	if version.Version != "1.0.0" || index.SchemaVersion != 2 || len(index.Manifests) != 1 {
		t.Fatalf("layout %q, index %+v", version.Version, index)
	}
	at := index.Manifests[0]
	if diff := cmp.Diff(map[string]string{"io.containerd.image.name": "registry.example:5000/wirelab:1", "org.opencontainers.image.ref.name": "1"}, at.Annotations); diff != "" {
		t.Errorf("annotations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&v1.Platform{Architecture: "arm64", OS: "linux"}, at.Platform); diff != "" {
		t.Errorf("platform (-want +got):\n%s", diff)
	}
	var manifest v1.Manifest
	decode(t, blob(t, layout, at), &manifest)
	var config v1.Image
	decode(t, blob(t, layout, manifest.Config), &config)
	if config.Architecture != "arm64" || config.OS != "linux" || len(config.Config.Entrypoint) != 1 || config.Config.Entrypoint[0] != "/wirelab" {
		t.Errorf("config %+v", config)
	}
	if len(manifest.Layers) != 1 || len(config.RootFS.DiffIDs) != 1 || config.RootFS.DiffIDs[0] != manifest.Layers[0].Digest {
		t.Fatalf("layers %v, of which the config says %v", manifest.Layers, config.RootFS.DiffIDs)
	}
	if diff := cmp.Diff(map[string]string{"wirelab": "program"}, entries(t, strings.NewReader(blob(t, layout, manifest.Layers[0])))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if len(layout) != 2+3 {
		t.Errorf("%d files in the layout, want 5", len(layout))
	}
}

// A link to a folder is that folder, and a file is none: it would be a layer of nothing.
func TestTreeOfALink(t *testing.T) {
	dir := t.TempDir()
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "root"), 0o755),
		os.WriteFile(filepath.Join(dir, "root", "sh"), []byte("shell"), 0o755),
		os.Symlink("root", filepath.Join(dir, "link")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	tree, err := packTree(filepath.Join(dir, "link"))
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	if diff := cmp.Diff(map[string]string{"sh": "shell"}, entries(t, io.NewSectionReader(tree, 0, tree.Size()))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if tree, err := packTree(filepath.Join(dir, "root", "sh")); err == nil {
		tree.Close()
		t.Error("a file is packed as a folder")
	}
}

// The files of a folder are a layer below the program.
func TestTree(t *testing.T) {
	root := t.TempDir()
	for _, err := range []error{
		os.MkdirAll(filepath.Join(root, "usr/bin"), 0o755),
		os.WriteFile(filepath.Join(root, "usr/bin/sh"), []byte("shell"), 0o755),
		os.WriteFile(filepath.Join(root, "wirelab"), []byte("another"), 0o755),
		os.Symlink("usr/bin", filepath.Join(root, "bin")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	tree, err := packTree(root)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	layout := entries(t, bytes.NewReader(packed(t, tree, program(t))))
	var index v1.Index
	decode(t, layout["index.json"], &index)
	var manifest v1.Manifest
	decode(t, blob(t, layout, index.Manifests[0]), &manifest)
	if len(manifest.Layers) != 2 {
		t.Fatalf("%d layers, want 2", len(manifest.Layers))
	}
	want := map[string]string{"usr/": "", "usr/bin/": "", "usr/bin/sh": "shell", "wirelab": "another", "bin": "-> usr/bin"}
	if diff := cmp.Diff(want, entries(t, strings.NewReader(blob(t, layout, manifest.Layers[0])))); diff != "" {
		t.Errorf("files of the folder (-want +got):\n%s", diff)
	}
	if top := entries(t, strings.NewReader(blob(t, layout, manifest.Layers[1]))); top["wirelab"] != "program" {
		t.Errorf("the program is not above the folder's: %v", top)
	}
	var config v1.Image
	decode(t, blob(t, layout, manifest.Config), &config)
	if !strings.Contains(strings.Join(config.Config.Env, " "), "/usr/bin") {
		t.Errorf("env(1) finds nothing with %q", config.Config.Env)
	}
}

// What no image can have is refused, and nothing is left behind.
func TestTreeRefused(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	root := t.TempDir()
	socket, err := net.Listen("unix", filepath.Join(root, "s"))
	if err != nil {
		t.Skip(err)
	}
	defer socket.Close()
	for _, dir := range []string{root, filepath.Join(root, "missing")} {
		if _, err := packTree(dir); err == nil {
			t.Errorf("%s is packed", dir)
		}
	}
	left, err := os.ReadDir(temporary)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestTag(t *testing.T) {
	for name, want := range map[string]string{
		"wirelab": "latest", "wirelab:1": "1", "registry.example:5000/wirelab": "latest", "registry.example:5000/a/wirelab:v2": "v2", DefaultName: "latest",
	} {
		if got := tag(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
