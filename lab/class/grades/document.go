package grades

// Document is the grades of a course for programs.
type Document struct {
	Schema   string            `json:"schema"`
	Course   string            `json:"course"`
	Students []documentStudent `json:"students"`
}

type documentStudent struct {
	ID    string         `json:"id"`
	Name  string         `json:"name,omitempty"`
	Score *int           `json:"score"` // null where it is open
	Most  int            `json:"max_score"`
	Work  []documentWork `json:"work"`
}

type documentWork struct {
	Experiment string          `json:"experiment"`
	State      State           `json:"state"`
	Score      *int            `json:"score"`
	Most       int             `json:"max_score"`
	Claims     []documentClaim `json:"claims"`
}

type documentClaim struct {
	ID    string `json:"id"`
	State State  `json:"state"`
	Score *int   `json:"score"`
	Most  int    `json:"max_score"`
}

// known is a score for JSON.
func known(points int, is bool) *int {
	if !is {
		return nil
	}
	return &points
}

// Document returns the grades for programs. Why a claim is no pass the results have.
func (b *Book) Document() Document {
	d := Document{Schema: "wirelab/class-grades/v1", Course: b.Course.Name, Students: []documentStudent{}}
	for _, s := range b.Students {
		one := documentStudent{ID: s.ID, Name: s.Name, Score: known(s.Score()), Most: s.Most()}
		for _, w := range s.Work {
			work := documentWork{Experiment: w.Experiment.Name, State: w.State, Score: known(w.Score()), Most: w.Most}
			for _, c := range w.Claims {
				work.Claims = append(work.Claims, documentClaim{c.ID, c.State, known(c.Score()), c.Most})
			}
			one.Work = append(one.Work, work)
		}
		d.Students = append(d.Students, one)
	}
	return d
}
