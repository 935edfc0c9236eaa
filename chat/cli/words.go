package cli

import "wirelab/chat/tui"

// words are what the client says to its user.
type words = tui.Words
