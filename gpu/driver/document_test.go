package driver

import (
	"os"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/record"
)

// TestTheProtocolIsAsItIsWritten holds plugins/DRIVERS.md to the messages and methods
// that there are.
func TestTheProtocolIsAsItIsWritten(t *testing.T) {
	b, err := os.ReadFile("../../plugins/DRIVERS.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(b)), " ")
	messages := graph.Messages()
	messages["Request"], messages["Reply"], messages["Info"], messages["Optimizer"] = record.Describe(request{}), record.Describe(reply{}), record.Describe(Info{}), record.Describe(optimizer{})
	for name, fields := range messages {
		_, body, ok := strings.Cut(text, "message "+name+" {")
		body, _, _ = strings.Cut(body, "}")
		if !ok {
			t.Errorf("message %s is not in it", name)
			continue
		}
		for _, f := range fields {
			if !strings.Contains(body, f) {
				t.Errorf("message %s has no %q", name, f)
			}
		}
		if got := strings.Count(body, " = "); got != len(fields) {
			t.Errorf("message %s has %d fields, want %d", name, got, len(fields))
		}
	}
	for method := range handlers {
		if !strings.Contains(text, "| `"+method+"` |") {
			t.Errorf("method %s is not in it", method)
		}
	}
	if !strings.Contains(text, service) {
		t.Errorf("the service %s is not in it", service)
	}
}
