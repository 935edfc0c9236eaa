// Package class carries out and judges a class's work: a course is a folder, a job
// is one student's submission to one experiment, and a result says what has come of it.
//
//	class.toml       the course: experiments, points, languages, seeds
//	roster.csv       who is in it
//	submissions/ID/  what each student has handed in
//	results/ID/…     what came of it, by experiment: result.json and the capture
//
// The folder is the state. A result is written last and whole, and names what it judges
// (Job.Key): what has one is done, whoever carried it out and however the run before
// ended.
//
// Where jobs are carried out is an Engine's matter: Local does it on this machine, side
// by side. What one job does, on this machine or on another, is Carry.
//
// What students hand in, the roster's rows and what an engine brings back are hostile:
// they are bounded before they are read, and no name of theirs becomes a path.
//
// The package does not know which backend brings labs up, and prints nothing.
package class
