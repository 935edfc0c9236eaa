package report

// maxMatch bounds the table by which lines are matched, in cells.
const maxMatch = 1 << 18

// matched are the lines that a stretch of two traces has in place of each other: those
// that were expected, and those that were seen. A line stands behind the one that it is
// like, in the order of both, so that one line too many is one "+", whatever is wrong
// with its neighbours. Stretches that are too long for that stand one behind the other.
func matched(minus, plus []line) (all []change) {
	i, j := 0, 0
	if (len(minus)+1)*(len(plus)+1) <= maxMatch {
		best := likenesses(minus, plus)
		for i < len(minus) && j < len(plus) {
			alike := likeness(minus[i], plus[j])
			switch {
			case alike > 0 && best[i][j] == alike+best[i+1][j+1]:
				all = append(all, change{sign: '-', line: minus[i]}, change{sign: '+', line: plus[j], instead: minus[i]})
				i, j = i+1, j+1
			case best[i][j] == best[i+1][j]:
				all = append(all, change{sign: '-', line: minus[i]})
				i++
			default:
				all = append(all, change{sign: '+', line: plus[j]})
				j++
			}
		}
	}
	for _, l := range minus[i:] {
		all = append(all, change{sign: '-', line: l})
	}
	for _, l := range plus[j:] {
		all = append(all, change{sign: '+', line: l})
	}
	return all
}

// likenesses says at [i][j] how alike two traces can stand from their i-th and j-th line
// on, as the sum of the lines that are matched.
func likenesses(minus, plus []line) [][]int {
	best := make([][]int, len(minus)+1)
	for i := range best {
		best[i] = make([]int, len(plus)+1)
	}
	for i := len(minus) - 1; i >= 0; i-- {
		for j := len(plus) - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if alike := likeness(minus[i], plus[j]); alike > 0 {
				best[i][j] = max(best[i][j], alike+best[i+1][j+1])
			}
		}
	}
	return best
}

// likeness is how many fields two lines have in common, each in its place; 0 where that
// is less than half of them.
func likeness(a, b line) int {
	one, other := a.fields(), b.fields()
	same := -1 // the ">" that every line has
	for i := range min(len(one), len(other)) {
		if one[i] == other[i] {
			same++
		}
	}
	if 2*same < max(len(one), len(other))-1 {
		return 0
	}
	return same
}
