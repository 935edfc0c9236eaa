package kubernetes

import (
	"fmt"
	"maps"
	"slices"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"wirelab/internal/exit"
)

const (
	// runLabel has a run's id, on everything that is a run's.
	runLabel = "wirelab.dev/run"

	// finalizer keeps a pod's status, and the result in it, until it has been stored:
	// neither an eviction nor a drained node nor the Job's end loses it.
	finalizer = "wirelab.dev/collect"

	// keysKey is the key of a ConfigMap that has the jobs' keys, a line each by index.
	keysKey = "keys"

	queueLabel = "kueue.x-k8s.io/queue-name" // https://kueue.sigs.k8s.io/docs/tasks/run/jobs/

	containerName = "lab"
	jobPath       = "/job"
)

const (
	// attempts is how often a pod of one job may fail.
	attempts = 3

	// labSeconds bounds a pod's life: three tries of a long experiment.
	labSeconds = 600

	// keptSeconds is how long an ended Job stays that nobody has collected: a week.
	keptSeconds = 7 * 24 * 3600

	// graceSeconds is what a lab has to end itself: it needs a tenth.
	graceSeconds = 5
)

func (o Options) labels() map[string]string {
	return map[string]string{runLabel: o.Run, "app.kubernetes.io/name": "wirelab", "app.kubernetes.io/managed-by": "wirelab-class"}
}

func (o Options) selector() string { return runLabel + "=" + o.Run }

// configMap has a shard's packed jobs, by index.
func (o Options) configMap(s shard) *core.ConfigMap {
	data := make(map[string][]byte, len(s.packed))
	for i, packed := range s.packed {
		data[fmt.Sprint(i)] = packed
	}
	return &core.ConfigMap{
		TypeMeta:   meta.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: meta.ObjectMeta{Name: s.name, Namespace: o.Namespace, Labels: o.labels()},
		Immutable:  new(true),
		Data:       map[string]string{keysKey: s.keyLines()},
		BinaryData: data,
	}
}

// job is a shard's Job. It is suspended: Kueue begins it, where a queue is named, else the
// run does (activate). docs/decisions.md has why its values are what they are.
func (o Options) job(s shard) *batch.Job {
	n := int32(len(s.keys))
	labels := o.labels()
	if o.Queue != "" {
		labels[queueLabel] = o.Queue
	}
	return &batch.Job{
		TypeMeta:   meta.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
		ObjectMeta: meta.ObjectMeta{Name: s.name, Namespace: o.Namespace, Labels: labels},
		Spec: batch.JobSpec{
			Suspend:              new(true),
			CompletionMode:       new(batch.IndexedCompletion),
			Completions:          new(n),
			Parallelism:          new(min(n, int32(o.labs()))),
			BackoffLimitPerIndex: new(int32(attempts - 1)),
			MaxFailedIndexes:     new(n),            // one student's never stops the others
			PodReplacementPolicy: new(batch.Failed), // never two pods of one student
			PodFailurePolicy: &batch.PodFailurePolicy{Rules: []batch.PodFailurePolicyRule{
				{Action: batch.PodFailurePolicyActionFailJob, OnExitCodes: &batch.PodFailurePolicyOnExitCodesRequirement{
					Operator: batch.PodFailurePolicyOnExitCodesOpIn, Values: []int32{exit.Refused}}},
				{Action: batch.PodFailurePolicyActionIgnore, OnPodConditions: []batch.PodFailurePolicyOnPodConditionsPattern{
					{Type: core.DisruptionTarget, Status: core.ConditionTrue}}},
			}},
			TTLSecondsAfterFinished: new(int32(keptSeconds)),
			Template: core.PodTemplateSpec{
				ObjectMeta: meta.ObjectMeta{Labels: o.labels(), Finalizers: []string{finalizer}},
				Spec:       o.pod(s.name),
			},
		},
	}
}

// pod is admitted by the Pod Security standard restricted: it is not root, has no
// capability, cannot write but in /tmp, and has a seccomp profile.
func (o Options) pod(configMap string) core.PodSpec {
	spec := core.PodSpec{
		RestartPolicy:                 core.RestartPolicyNever,
		AutomountServiceAccountToken:  new(false),
		EnableServiceLinks:            new(false),
		DNSPolicy:                     core.DNSDefault,
		TerminationGracePeriodSeconds: new(int64(graceSeconds)),
		ActiveDeadlineSeconds:         new(int64(labSeconds)),
		// Root without capabilities could not map itself into a user namespace
		// (user_namespaces(7), CAP_SETFCAP); whoever is not root needs none.
		SecurityContext: &core.PodSecurityContext{RunAsNonRoot: new(true), RunAsUser: new(int64(65532)), RunAsGroup: new(int64(65532))},
		Containers: []core.Container{{
			Name:                     containerName,
			Image:                    o.Image,
			ImagePullPolicy:          core.PullIfNotPresent,
			Args:                     []string{"class", "worker", "--pod", jobPath},
			TerminationMessagePolicy: core.TerminationMessageReadFile,
			// No limit of CPU: on the wire, throttling looks like delay.
			Resources: core.ResourceRequirements{
				Requests: core.ResourceList{
					core.ResourceCPU:              resource.MustParse("250m"),
					core.ResourceMemory:           resource.MustParse("128Mi"),
					core.ResourceEphemeralStorage: resource.MustParse("64Mi"),
				},
				Limits: core.ResourceList{
					core.ResourceMemory:           resource.MustParse("512Mi"),
					core.ResourceEphemeralStorage: resource.MustParse("256Mi"),
				},
			},
			SecurityContext: &core.SecurityContext{
				AllowPrivilegeEscalation: new(false),
				ReadOnlyRootFilesystem:   new(true),
				Capabilities:             &core.Capabilities{Drop: []core.Capability{"ALL"}},
			},
			VolumeMounts: []core.VolumeMount{
				{Name: "tmp", MountPath: "/tmp"},
				// Of all jobs a pod sees its own.
				{Name: "jobs", MountPath: jobPath, SubPathExpr: "$(JOB_COMPLETION_INDEX)", ReadOnly: true},
			},
		}},
		Volumes: []core.Volume{
			{Name: "tmp", VolumeSource: core.VolumeSource{EmptyDir: &core.EmptyDirVolumeSource{}}},
			{Name: "jobs", VolumeSource: core.VolumeSource{ConfigMap: &core.ConfigMapVolumeSource{
				LocalObjectReference: core.LocalObjectReference{Name: configMap}}}},
		},
	}
	if o.Seccomp != None {
		spec.SecurityContext.SeccompProfile = &core.SeccompProfile{Type: core.SeccompProfileTypeLocalhost, LocalhostProfile: new(o.Seccomp)}
	}
	if o.UserNamespaces {
		spec.HostUsers = new(false)
	}
	if len(o.NodeSelector) > 0 {
		spec.NodeSelector = maps.Clone(o.NodeSelector)
		for _, key := range slices.Sorted(maps.Keys(o.NodeSelector)) {
			spec.Tolerations = append(spec.Tolerations, core.Toleration{Key: key, Operator: core.TolerationOpExists})
		}
	}
	return spec
}

// networkPolicy cuts a run's pods off: a lab's network is within its pod.
func (o Options) networkPolicy() *networking.NetworkPolicy {
	return &networking.NetworkPolicy{
		TypeMeta:   meta.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
		ObjectMeta: meta.ObjectMeta{Name: o.name(), Namespace: o.Namespace, Labels: o.labels()},
		Spec: networking.NetworkPolicySpec{
			PodSelector: meta.LabelSelector{MatchLabels: map[string]string{runLabel: o.Run}},
			PolicyTypes: []networking.PolicyType{networking.PolicyTypeIngress, networking.PolicyTypeEgress},
		},
	}
}

// name is the beginning of the names of a run's objects.
func (o Options) name() string { return "wirelab-" + o.Run }
