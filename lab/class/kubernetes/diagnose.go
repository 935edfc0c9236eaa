package kubernetes

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	authorization "k8s.io/api/authorization/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"wirelab/internal/i18n"
	"wirelab/lab/claim"
	"wirelab/lab/class"
	"wirelab/lab/class/cluster"
)

// Diagnose implements cluster.Kubernetes: the server answers, it gives the rights, the
// namespace admits the pods, and one lab is carried out.
func (Cluster) Diagnose(ctx context.Context, o cluster.Options, found func(cluster.Finding)) error {
	e, err := connect(o)
	if err != nil {
		found(missing("api", err))
		return nil
	}
	e.Options.Run = cluster.NewRun()
	return e.diagnose(ctx, found)
}

func missing(what string, err error) cluster.Finding {
	return cluster.Finding{What: what, Said: i18n.FromError(err)}
}

func (e *Engine) diagnose(ctx context.Context, found func(cluster.Finding)) error {
	version, err := e.API.Discovery().ServerVersion()
	if err != nil {
		found(missing("api", e.told(err)))
		return nil
	}
	found(cluster.Finding{What: "api", OK: true, Said: i18n.Msg("kubernetes.doctor.api", "Version", version.GitVersion, "Namespace", e.Namespace)})
	lacks, err := e.lackingRights(ctx)
	if err != nil {
		found(missing("rights", e.told(err)))
		return nil
	}
	if len(lacks) > 0 {
		found(cluster.Finding{What: "rights", Said: i18n.Msg("kubernetes.doctor.norights", "Rights", lacks, "Namespace", e.Namespace),
			Advice: i18n.Msg("kubernetes.doctor.setup", "Namespace", e.Namespace)})
		return nil
	}
	found(cluster.Finding{What: "rights", OK: true, Said: i18n.Msg("kubernetes.doctor.rights")})
	if err := e.admitted(ctx, e.API); err != nil {
		found(missing("namespace", err))
		return nil
	}
	result, err := e.oneLab(ctx)
	switch {
	case ctx.Err() != nil:
		return errors.Join(ctx.Err(), e.Cancel(context.WithoutCancel(ctx)))
	case err != nil:
		f := missing("lab", err)
		if o, ok := errors.AsType[*obstacleError](err); ok {
			f.Said, f.Advice = i18n.FromError(o.error), o.advice
		} else if _, refused := errors.AsType[*class.RefusedError](err); refused && e.Seccomp != None {
			f.Advice = e.profileAdvice() // its pod had the profile's name, and what the nodes have is another
		}
		found(f)
	case result.Verdict() != claim.Pass:
		f := cluster.Finding{What: "lab", Said: i18n.Msg("kubernetes.doctor.unproved", "Status", string(result.Verdict()))}
		if result.Reason != nil {
			f.Said = *result.Reason
		}
		found(f)
	default:
		found(cluster.Finding{What: "lab", OK: true, Said: i18n.Msg("kubernetes.doctor.lab", "Place", result.Place, "Seccomp", e.Seccomp)})
	}
	return nil
}

// lackingRights are those of teacherRules that the user does not have.
func (e *Engine) lackingRights(ctx context.Context) (lacks []string, err error) {
	for _, rule := range teacherRules(e.Namespace) {
		for _, verb := range rule.Verbs {
			for _, what := range rule.Resources {
				if what == "namespaces" || what == "events" {
					continue // without them less is said, and nothing else is missing
				}
				ask := &authorization.ResourceAttributes{Namespace: e.Namespace, Verb: verb, Group: rule.APIGroups[0], Resource: what}
				if what == "pods/log" {
					ask.Resource, ask.Subresource = "pods", "log"
				}
				review := &authorization.SelfSubjectAccessReview{Spec: authorization.SelfSubjectAccessReviewSpec{ResourceAttributes: ask}}
				answer, err := e.API.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, meta.CreateOptions{})
				if err != nil {
					return nil, err
				}
				if !answer.Status.Allowed {
					lacks = append(lacks, verb+" "+what)
				}
			}
		}
	}
	return lacks, nil
}

// oneLab carries out one experiment of one student that does not exist.
func (e *Engine) oneLab(ctx context.Context) (class.Result, error) {
	dir, err := os.MkdirTemp("", "wirelab-doctor-")
	if err != nil {
		return class.Result{}, err
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{class.ConfigFile: "name = \"doctor\"\n\n[[experiment]]\nname = \"ping\"\n", class.RosterFile: "id,name\ndoctor,doctor\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return class.Result{}, err
		}
	}
	c, err := class.Open(dir)
	if err != nil {
		return class.Result{}, err
	}
	jobs, _ := c.Jobs()
	var result class.Result
	err = e.Run(ctx, jobs, func(_ class.Job, r class.Result, _ []class.File) error {
		result = r
		return nil
	})
	return result, err
}
