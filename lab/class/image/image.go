// Package image makes the image that pods run, of one static program and nothing else,
// without Docker: an OCI image layout in a tar, as `ctr images import`, `podman load`,
// `skopeo copy oci-archive:FILE docker://REGISTRY/NAME` and `crane push` take it.
// Source: https://github.com/opencontainers/image-spec, image-layout.md.
package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"wirelab/internal/i18n"
	"wirelab/internal/wholefile"
	"wirelab/lab"
)

// DefaultName is the name of an image that is given no other. A runtime takes a name
// without a registry for one of docker.io.
const DefaultName = "docker.io/library/wirelab:latest"

// nameAnnotation is where containerd finds an image's whole name.
const nameAnnotation = "io.containerd.image.name"

// Write writes an image of wirelab to a file. arch is the nodes' (GOARCH), "" for this
// machine's. A program that is not static, or of another architecture, is built. root, if
// not "", is a folder whose files the image has, too: the interpreters of students'
// scripts.
func Write(ctx context.Context, path, name, arch, root string) error {
	if arch == "" {
		arch = runtime.GOARCH
	}
	program, err := lab.StaticProgram(ctx, arch)
	if err != nil {
		return err
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		return i18n.FileError(program, err)
	}
	layers := []content{}
	if root != "" {
		tree, err := packTree(root)
		if err != nil {
			return err
		}
		defer tree.Close()
		layers = append(layers, tree)
	}
	var own bytes.Buffer
	if err := writeTar(&own, []file{{"wirelab", 0o755, bytes.NewReader(binary)}}); err != nil {
		return err
	}
	layers = append(layers, bytes.NewReader(own.Bytes()))
	err = wholefile.Write(path, func(w io.Writer) error { return write(w, layers, name, arch) })
	if err != nil {
		return i18n.FileError(path, err)
	}
	return nil
}

// content is what a file of a tar has.
type content interface {
	io.ReaderAt
	Size() int64
}

// write writes an image of layers, each a tar, the last one above the others.
func write(w io.Writer, layers []content, name, arch string) error {
	blobs := []file{}
	add := func(mediaType string, data content) (v1.Descriptor, error) {
		d, err := digest.FromReader(io.NewSectionReader(data, 0, data.Size()))
		if err != nil {
			return v1.Descriptor{}, err
		}
		blobs = append(blobs, file{"blobs/sha256/" + d.Encoded(), 0o644, data})
		return v1.Descriptor{MediaType: mediaType, Digest: d, Size: data.Size()}, nil
	}
	addJSON := func(mediaType string, v any) (v1.Descriptor, error) {
		data, err := json.Marshal(v)
		if err != nil {
			return v1.Descriptor{}, err
		}
		return add(mediaType, bytes.NewReader(data))
	}
	manifest := v1.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest}
	rootFS := v1.RootFS{Type: "layers"}
	for _, layer := range layers {
		d, err := add(v1.MediaTypeImageLayer, layer)
		if err != nil {
			return err
		}
		manifest.Layers, rootFS.DiffIDs = append(manifest.Layers, d), append(rootFS.DiffIDs, d.Digest)
	}
	path := "PATH=/"
	if len(layers) > 1 {
		path = "PATH=/:/usr/local/bin:/usr/bin:/bin"
	}
	var err error
	manifest.Config, err = addJSON(v1.MediaTypeImageConfig, v1.Image{
		Platform: v1.Platform{Architecture: arch, OS: "linux"},
		Config:   v1.ImageConfig{Entrypoint: []string{"/wirelab"}, Env: []string{path}},
		RootFS:   rootFS,
	})
	if err != nil {
		return err
	}
	d, err := addJSON(v1.MediaTypeImageManifest, manifest)
	if err != nil {
		return err
	}
	d.Platform = &v1.Platform{Architecture: arch, OS: "linux"}
	d.Annotations = map[string]string{nameAnnotation: name, v1.AnnotationRefName: tag(name)}
	index, err := json.Marshal(v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex, Manifests: []v1.Descriptor{d}})
	if err != nil {
		return err
	}
	layout, err := json.Marshal(v1.ImageLayout{Version: v1.ImageLayoutVersion})
	if err != nil {
		return err
	}
	return writeTar(w, append([]file{{v1.ImageLayoutFile, 0o644, bytes.NewReader(layout)}, {v1.ImageIndexFile, 0o644, bytes.NewReader(index)}}, blobs...))
}

// tag is what stands behind the colon of an image's name.
func tag(name string) string {
	last := name[strings.LastIndexByte(name, '/')+1:]
	if _, tag, ok := strings.Cut(last, ":"); ok {
		return tag
	}
	return "latest"
}

// file is a file of a tar.
type file struct {
	name string
	mode int64
	data content
}

// writeTar writes files without times and owners: the same program makes the same image.
func writeTar(w io.Writer, files []file) error {
	t := tar.NewWriter(w)
	for _, f := range files {
		if err := t.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: f.data.Size()}); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if _, err := io.Copy(t, io.NewSectionReader(f.data, 0, f.data.Size())); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return t.Close()
}
