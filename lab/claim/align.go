package claim

// Pair is an expected line beside an observed one. One of them is "" if the other has no
// counterpart.
type Pair struct{ Expected, Observed string }

// maxAlign bounds the table by which traces are aligned, in cells.
const maxAlign = 1 << 22

// Align puts two traces side by side, so that as many equal lines as possible are in one
// Pair (a longest common subsequence). Other lines have a Pair of their own, expected ones
// first. If the traces are very long, only the equal lines at their beginnings and ends
// share a Pair.
func Align(expected, observed []string) []Pair {
	return align(expected, observed, func(expected, observed string) bool { return expected == observed })
}

// AlignAnywhere is Align for a claim that holds anywhere, whose lines may leave words out.
func AlignAnywhere(expected, observed []string) []Pair {
	return align(expected, observed, func(expected, observed string) bool { return shows(observed, expected) })
}

// align puts lines side by side whose normal forms are the same.
func align(expected, observed []string, same func(expected, observed string) bool) (pairs []Pair) {
	e, o := normals(expected), normals(observed)
	like := func(i, j int) bool { return same(e[i], o[j]) }
	n, m := len(e), len(o)
	begin := 0
	for begin < min(n, m) && like(begin, begin) {
		pairs = append(pairs, Pair{expected[begin], observed[begin]})
		begin++
	}
	for n > begin && m > begin && like(n-1, m-1) {
		n, m = n-1, m-1
	}
	i, j := begin, begin
	if (n-begin+1)*(m-begin+1) <= maxAlign {
		common := commonLines(begin, n, m, like)
		for i < n && j < m {
			switch {
			case like(i, j):
				pairs = append(pairs, Pair{expected[i], observed[j]})
				i, j = i+1, j+1
			case common[i+1-begin][j-begin] >= common[i-begin][j+1-begin]:
				pairs = append(pairs, Pair{Expected: expected[i]})
				i++
			default:
				pairs = append(pairs, Pair{Observed: observed[j]})
				j++
			}
		}
	}
	for _, line := range expected[i:n] {
		pairs = append(pairs, Pair{Expected: line})
	}
	for _, line := range observed[j:m] {
		pairs = append(pairs, Pair{Observed: line})
	}
	for k, line := range expected[n:] {
		pairs = append(pairs, Pair{line, observed[m+k]})
	}
	return pairs
}

func normals(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = normal(line)
	}
	return out
}

// commonLines says at [i-begin][j-begin] how many lines two traces, of n and m lines,
// have in common from their i-th and j-th line on, in the same order.
func commonLines(begin, n, m int, like func(i, j int) bool) [][]int {
	common := make([][]int, n-begin+1)
	for i := range common {
		common[i] = make([]int, m-begin+1)
	}
	for i := n - 1; i >= begin; i-- {
		row, next := common[i-begin], common[i+1-begin]
		for j := m - 1; j >= begin; j-- {
			row[j-begin] = max(next[j-begin], row[j+1-begin])
			if like(i, j) {
				row[j-begin] = next[j+1-begin] + 1
			}
		}
	}
	return common
}
