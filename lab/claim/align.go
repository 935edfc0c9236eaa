package claim

// Pair is a line that is expected beside one that was seen. One of them is empty
// where the other has no counterpart.
type Pair struct{ Expected, Observed string }

// maxAlign bounds the table by which traces are aligned, in cells.
const maxAlign = 1 << 22

// Align puts two traces side by side: as many lines as possible stand beside their
// like (a longest common subsequence), others stand alone, those that are expected
// ahead of those that were seen. Lines are not empty. Of traces that are too long for
// that only what both begin and end with stands side by side.
func Align(expected, observed []string) []Pair { return sameness(same).pairs(expected, observed) }

// AlignAnywhere is Align for a claim that needs no barrier, whose lines leave words out.
func AlignAnywhere(expected, observed []string) []Pair {
	return sameness(func(expected, observed string) bool { return shows(normal(observed), normal(expected)) }).pairs(expected, observed)
}

// sameness says of which lines one stands beside the other.
type sameness func(expected, observed string) bool

func (same sameness) pairs(expected, observed []string) []Pair {
	var head, tail []Pair
	for len(expected) > 0 && len(observed) > 0 && same(expected[0], observed[0]) {
		head = append(head, Pair{expected[0], observed[0]})
		expected, observed = expected[1:], observed[1:]
	}
	n, m := len(expected), len(observed)
	for n > 0 && m > 0 && same(expected[n-1], observed[m-1]) {
		n, m = n-1, m-1
	}
	for i, line := range expected[n:] {
		tail = append(tail, Pair{line, observed[m+i]})
	}
	return append(append(head, same.align(expected[:n], observed[:m])...), tail...)
}

func same(expected, observed string) bool { return normal(expected) == normal(observed) }

func (same sameness) align(expected, observed []string) (pairs []Pair) {
	i, j := 0, 0
	if (len(expected)+1)*(len(observed)+1) <= maxAlign {
		common := same.commonLines(expected, observed)
		for i < len(expected) && j < len(observed) {
			switch {
			case same(expected[i], observed[j]):
				pairs = append(pairs, Pair{expected[i], observed[j]})
				i, j = i+1, j+1
			case common[i+1][j] >= common[i][j+1]:
				pairs = append(pairs, Pair{Expected: expected[i]})
				i++
			default:
				pairs = append(pairs, Pair{Observed: observed[j]})
				j++
			}
		}
	}
	for _, line := range expected[i:] {
		pairs = append(pairs, Pair{Expected: line})
	}
	for _, line := range observed[j:] {
		pairs = append(pairs, Pair{Observed: line})
	}
	return pairs
}

// commonLines says at [i][j] how many lines the traces have in common from their
// i-th and j-th line on, in the same order.
func (same sameness) commonLines(expected, observed []string) [][]int {
	common := make([][]int, len(expected)+1)
	for i := range common {
		common[i] = make([]int, len(observed)+1)
	}
	for i := len(expected) - 1; i >= 0; i-- {
		for j := len(observed) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if same(expected[i], observed[j]) {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	return common
}
