//go:build wasip1

package guest

import "github.com/cloister-ai/cloister/abi"

// CrossEntropy is the loss of scores [n, classes, …] before the softmax against
// labels int64 or int32 [n, …]: their mean, unless attrs say otherwise.
func (g *Graph) CrossEntropy(scores, labels Value, attrs ...abi.Attr) Value {
	return g.one("SoftmaxCrossEntropyLoss", []Value{scores, labels}, attrs...)
}

// NLL is the loss of logarithms of probabilities [n, classes, …], as of LogSoftmax
// along axis 1, against labels int64 or int32 [n, …]: their mean, unless attrs say
// otherwise.
func (g *Graph) NLL(logs, labels Value, attrs ...abi.Attr) Value {
	return g.one("NegativeLogLikelihoodLoss", []Value{logs, labels}, attrs...)
}

// MSE is the mean of the squares of x - y, broadcast.
func (g *Graph) MSE(x, y Value) Value { return adder[Value](g.one).meanSquare(x, y) }

// BCEWithLogits is the mean binary cross-entropy of scores before the sigmoid
// against y, numbers in 0 to 1 of the same shape.
func (g *Graph) BCEWithLogits(scores, y Value) Value { return adder[Value](g.one).binary(scores, y) }
