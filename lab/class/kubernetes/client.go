package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8s "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"wirelab/internal/i18n"
	"wirelab/lab/class"
)

// Connect returns a client of the cluster that kubectl would speak to: that of KUBECONFIG,
// of ~/.kube/config, or within a pod of its service account. kubeContext names another
// context of the configuration, "" the current one. The namespace is the context's. No
// request is sent yet.
func Connect(kubeContext string) (api k8s.Interface, namespace string, err error) {
	// Its log is for operators, and would stand across the line of progress: what people
	// need to know a run says itself.
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	config := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(clientcmd.NewDefaultClientConfigLoadingRules(),
		&clientcmd.ConfigOverrides{CurrentContext: kubeContext})
	c, err := config.ClientConfig()
	if err != nil {
		return nil, "", i18n.Errmsg("kubernetes.config", "Cause", err)
	}
	if namespace, _, err = config.Namespace(); err != nil {
		return nil, "", i18n.Errmsg("kubernetes.config", "Cause", err)
	}
	// client-go's 5 requests a second are for controllers that share a server with many
	// of their like; the server has limits of its own (API Priority and Fairness).
	c.QPS, c.Burst = 200, 400
	// Thousands of pods are watched.
	c.AcceptContentTypes, c.ContentType = "application/vnd.kubernetes.protobuf,application/json", "application/vnd.kubernetes.protobuf"
	c.WarningHandler = rest.NoWarnings{} // of Pod Security, which an event says again where it matters
	c.UserAgent = "wirelab-class"
	api, err = k8s.NewForConfig(c)
	if err != nil {
		return nil, "", i18n.Errmsg("kubernetes.config", "Cause", err)
	}
	return api, namespace, nil
}

// told says what an API server's refusal means, and what to do.
func (o Options) told(err error) error {
	var status apierrors.APIStatus
	answered := errors.As(err, &status)
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case !answered:
		return i18n.Errmsg("kubernetes.unreachable", "Cause", err)
	case apierrors.IsUnauthorized(err):
		return i18n.Errmsg("kubernetes.unauthorized", "Cause", err)
	case apierrors.IsForbidden(err) && strings.Contains(status.Status().Message, "exceeded quota"):
		return i18n.Errmsg("kubernetes.quota", "Namespace", o.Namespace, "Cause", err)
	case apierrors.IsForbidden(err):
		return i18n.Errmsg("kubernetes.norights", "Namespace", o.Namespace, "Cause", err)
	case apierrors.IsNotFound(err) && status.Status().Details != nil && status.Status().Details.Kind == "namespaces":
		return i18n.Errmsg("kubernetes.nonamespace", "Namespace", o.Namespace)
	}
	return err
}

// enforceLabel has the Pod Security standard that a namespace enforces
// (https://kubernetes.io/docs/concepts/security/pod-security-admission/).
const enforceLabel = "pod-security.kubernetes.io/enforce"

// admitted refuses a run whose pods the namespace would not admit.
func (o Options) admitted(ctx context.Context, api k8s.Interface) error {
	namespace, err := o.namespace(ctx, api)
	if err != nil {
		return o.told(err)
	}
	return o.admits(namespace)
}

// namespace is the run's, nil where the user may not ask: an event tells then what is refused.
func (o Options) namespace(ctx context.Context, api k8s.Interface) (*core.Namespace, error) {
	namespace, err := api.CoreV1().Namespaces().Get(ctx, o.Namespace, meta.GetOptions{})
	if apierrors.IsForbidden(err) {
		return nil, nil
	}
	return namespace, err
}

func (o Options) admits(namespace *core.Namespace) error {
	if namespace == nil {
		return nil
	}
	if o.Seccomp == None && namespace.Labels[enforceLabel] == "restricted" {
		return &class.RefusedError{Err: i18n.Errmsg("kubernetes.restricted", "Namespace", o.Namespace)}
	}
	if namespace.Status.Phase == core.NamespaceTerminating {
		return fmt.Errorf("namespace %s is being deleted", o.Namespace)
	}
	return nil
}
