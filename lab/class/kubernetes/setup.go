package kubernetes

import (
	"bytes"
	"fmt"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// NamespaceSetup returns what whoever runs a cluster applies once for a class: a namespace
// that admits pods of the Pod Security standard restricted alone, cut off from every
// network, with room for so many labs side by side, and for a teacher, a user of the
// cluster, a Role that is enough to run a class there and for nothing else.
func NamespaceSetup(namespace, teacher string, labs int) []runtime.Object {
	inside := func(name string) meta.ObjectMeta {
		return meta.ObjectMeta{Name: name, Namespace: namespace, Labels: map[string]string{"app.kubernetes.io/name": "wirelab"}}
	}
	amount := func(format string, of int) resource.Quantity { return resource.MustParse(fmt.Sprintf(format, of)) }
	return []runtime.Object{
		&core.Namespace{
			TypeMeta: meta.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
			ObjectMeta: meta.ObjectMeta{Name: namespace, Labels: map[string]string{
				"app.kubernetes.io/name": "wirelab", enforceLabel: "restricted", "pod-security.kubernetes.io/warn": "restricted"}},
		},
		&core.ResourceQuota{
			TypeMeta:   meta.TypeMeta{APIVersion: "v1", Kind: "ResourceQuota"},
			ObjectMeta: inside("wirelab"),
			Spec: core.ResourceQuotaSpec{Hard: core.ResourceList{
				core.ResourcePods:           amount("%d", labs),
				core.ResourceRequestsCPU:    amount("%dm", 250*labs),
				core.ResourceRequestsMemory: amount("%dMi", 128*labs),
				core.ResourceLimitsMemory:   amount("%dMi", 512*labs),
				"requests.storage":          amount("%d", 0),
				"services":                  amount("%d", 0),
				"secrets":                   amount("%d", 0),
			}},
		},
		&core.LimitRange{
			TypeMeta:   meta.TypeMeta{APIVersion: "v1", Kind: "LimitRange"},
			ObjectMeta: inside("wirelab"),
			Spec: core.LimitRangeSpec{Limits: []core.LimitRangeItem{{
				Type:           core.LimitTypeContainer,
				Max:            core.ResourceList{core.ResourceMemory: resource.MustParse("512Mi")},
				Default:        core.ResourceList{core.ResourceMemory: resource.MustParse("512Mi")},
				DefaultRequest: core.ResourceList{core.ResourceCPU: resource.MustParse("250m"), core.ResourceMemory: resource.MustParse("128Mi")},
			}}},
		},
		&networking.NetworkPolicy{
			TypeMeta:   meta.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
			ObjectMeta: inside("wirelab"),
			Spec:       networking.NetworkPolicySpec{PolicyTypes: []networking.PolicyType{networking.PolicyTypeIngress, networking.PolicyTypeEgress}},
		},
		&rbac.Role{
			TypeMeta:   meta.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "Role"},
			ObjectMeta: inside("wirelab-teacher"),
			Rules:      teacherRules(namespace),
		},
		&rbac.RoleBinding{
			TypeMeta:   meta.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "RoleBinding"},
			ObjectMeta: inside("wirelab-teacher"),
			Subjects:   []rbac.Subject{{Kind: rbac.UserKind, APIGroup: rbac.GroupName, Name: teacher}},
			RoleRef:    rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "Role", Name: "wirelab-teacher"},
		},
	}
}

// teacherRules are the rights that Engine needs, and no other.
func teacherRules(namespace string) []rbac.PolicyRule {
	return []rbac.PolicyRule{
		{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"create", "get", "list", "watch", "patch", "deletecollection"}},
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"create", "get", "deletecollection"}},
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch", "patch"}},
		{APIGroups: []string{""}, Resources: []string{"pods/log"}, Verbs: []string{"get"}},
		{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"list", "watch"}},
		{APIGroups: []string{"networking.k8s.io"}, Resources: []string{"networkpolicies"}, Verbs: []string{"create", "delete"}},
		{APIGroups: []string{""}, Resources: []string{"namespaces"}, ResourceNames: []string{namespace}, Verbs: []string{"get"}},
	}
}

// NodesSetup returns what whoever runs a cluster applies once so that every node, also one
// that comes later, has the seccomp profile: a DaemonSet that writes it. It is the one
// thing of wirelab that may write on a node, there in one folder. kubeletDir is the
// kubelet's, /var/lib/kubelet on most nodes.
func NodesSetup(namespace, image, kubeletDir string) []runtime.Object {
	marks := map[string]string{"app.kubernetes.io/name": "wirelab-seccomp"}
	folder := kubeletDir + "/seccomp"
	return []runtime.Object{&apps.DaemonSet{
		TypeMeta:   meta.TypeMeta{APIVersion: "apps/v1", Kind: "DaemonSet"},
		ObjectMeta: meta.ObjectMeta{Name: "wirelab-seccomp", Namespace: namespace, Labels: marks},
		Spec: apps.DaemonSetSpec{
			Selector: &meta.LabelSelector{MatchLabels: marks},
			Template: core.PodTemplateSpec{
				ObjectMeta: meta.ObjectMeta{Labels: marks},
				Spec: core.PodSpec{
					AutomountServiceAccountToken:  new(false),
					EnableServiceLinks:            new(false),
					TerminationGracePeriodSeconds: new(int64(graceSeconds)),
					Tolerations:                   []core.Toleration{{Operator: core.TolerationOpExists}},
					Containers: []core.Container{{
						Name: "install", Image: image, ImagePullPolicy: core.PullIfNotPresent,
						Args: []string{"class", "seccomp", "--install", folder, "--wait"},
						SecurityContext: &core.SecurityContext{
							RunAsUser: new(int64(0)), AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true),
							Capabilities: &core.Capabilities{Drop: []core.Capability{"ALL"}},
						},
						Resources: core.ResourceRequirements{
							Requests: core.ResourceList{core.ResourceCPU: resource.MustParse("1m"), core.ResourceMemory: resource.MustParse("24Mi")},
							Limits:   core.ResourceList{core.ResourceMemory: resource.MustParse("64Mi")},
						},
						VolumeMounts: []core.VolumeMount{{Name: "seccomp", MountPath: folder}},
					}},
					Volumes: []core.Volume{{Name: "seccomp", VolumeSource: core.VolumeSource{HostPath: &core.HostPathVolumeSource{
						Path: folder, Type: new(core.HostPathDirectoryOrCreate)}}}},
				},
			},
		},
	}}
}

// YAML writes objects as the documents of one file that kubectl applies.
func YAML(objects []runtime.Object) ([]byte, error) {
	var b bytes.Buffer
	for i, object := range objects {
		text, err := yaml.Marshal(object)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteString("---\n")
		}
		b.Write(text)
	}
	return b.Bytes(), nil
}
