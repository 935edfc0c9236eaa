// Package image makes the image that pods run, of one static program and nothing else,
// without Docker: an OCI image layout in a tar, as `ctr images import`, `podman load`,
// `skopeo copy oci-archive:FILE docker://REGISTRY/NAME` and `crane push` take it.
// Source: https://github.com/opencontainers/image-spec, image-layout.md.
package image

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
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
// machine's. A program that is not static, or of another architecture, is built.
func Write(ctx context.Context, path, name, arch string) error {
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
	err = wholefile.Write(path, func(w io.Writer) error { return write(w, binary, name, arch) })
	if err != nil {
		return i18n.FileError(path, err)
	}
	return nil
}

// write writes an image whose one file is the program /wirelab.
func write(w io.Writer, program []byte, name, arch string) error {
	var layer strings.Builder
	if err := writeTar(&layer, []file{{"wirelab", 0o755, program}}); err != nil {
		return err
	}
	blobs := []file{}
	add := func(mediaType string, data []byte) v1.Descriptor {
		d := digest.FromBytes(data)
		blobs = append(blobs, file{"blobs/sha256/" + d.Encoded(), 0o644, data})
		return v1.Descriptor{MediaType: mediaType, Digest: d, Size: int64(len(data))}
	}
	addJSON := func(mediaType string, v any) (v1.Descriptor, error) {
		data, err := json.Marshal(v)
		return add(mediaType, data), err
	}
	layerBlob := add(v1.MediaTypeImageLayer, []byte(layer.String()))
	config, err := addJSON(v1.MediaTypeImageConfig, v1.Image{
		Platform: v1.Platform{Architecture: arch, OS: "linux"},
		Config:   v1.ImageConfig{Entrypoint: []string{"/wirelab"}, Env: []string{"PATH=/"}},
		RootFS:   v1.RootFS{Type: "layers", DiffIDs: []digest.Digest{layerBlob.Digest}},
	})
	if err != nil {
		return err
	}
	manifest, err := addJSON(v1.MediaTypeImageManifest, v1.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest, Config: config, Layers: []v1.Descriptor{layerBlob},
	})
	if err != nil {
		return err
	}
	manifest.Platform = &v1.Platform{Architecture: arch, OS: "linux"}
	manifest.Annotations = map[string]string{nameAnnotation: name, v1.AnnotationRefName: tag(name)}
	index, err := json.Marshal(v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex, Manifests: []v1.Descriptor{manifest}})
	if err != nil {
		return err
	}
	layout, err := json.Marshal(v1.ImageLayout{Version: v1.ImageLayoutVersion})
	if err != nil {
		return err
	}
	return writeTar(w, append([]file{{v1.ImageLayoutFile, 0o644, layout}, {v1.ImageIndexFile, 0o644, index}}, blobs...))
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
	data []byte
}

// writeTar writes files without times and owners: the same program makes the same image.
func writeTar(w io.Writer, files []file) error {
	t := tar.NewWriter(w)
	for _, f := range files {
		if err := t.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.data))}); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if _, err := t.Write(f.data); err != nil {
			return err
		}
	}
	return errors.Join(t.Flush(), t.Close())
}
