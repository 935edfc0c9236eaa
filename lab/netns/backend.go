package netns

import "wirelab/lab"

// Backend brings up labs in namespaces. Its zero value is ready.
type Backend struct{}

var _ lab.Backend = Backend{}

// Name implements lab.Backend.
func (Backend) Name() string { return Name }
