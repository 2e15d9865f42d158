package cpu

import "time"

// A StepTime is what one step of a program has cost so far.
type StepTime struct {
	Op    string        `json:"op"`
	Fused string        `json:"fused,omitempty"` // what is done to its result on the way
	Shape []int64       `json:"shape"`           // of the result
	Tasks int           `json:"tasks"`           // independent parts of its largest stage
	FLOPs uint64        `json:"flops"`           // of one run
	Took  time.Duration `json:"-"`
}

// Profile lists the steps of the program and how long each took, in all runs since
// the first call, which starts the clocks.
func (p *Program) Profile() []StepTime {
	if p.took == nil {
		p.took = make([]time.Duration, len(p.plan.Steps))
	}
	steps := make([]StepTime, len(p.plan.Steps))
	for i, s := range p.plan.Steps {
		t := &steps[i]
		t.Op, t.Shape, t.FLOPs, t.Took = s.Node.Op, s.Node.Shape, s.Node.FLOPs, p.took[i]
		if s.Norm != nil {
			t.Fused += "+" + s.Norm.Op
		}
		if s.Add != 0 {
			t.Fused += "+Add"
		}
		if s.Act != nil {
			t.Fused += "+" + s.Act.Op
		}
	}
	for _, d := range p.duties {
		if d.makes != nil {
			continue // but for the first run
		}
		steps[d.step].Tasks = max(steps[d.step].Tasks, d.tasks)
	}
	return steps
}
