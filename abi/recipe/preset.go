package recipe

import (
	"maps"
	"slices"
)

// A Preset is a recipe that many models share, by name.
type Preset struct {
	Input string            // of the input that takes the file
	Carry map[string]string // recipes of other inputs, by name
	Bind  map[string]string // what the file leaves open, by input: a shape or a value, as --bind takes it
	Read  string            // the reading of the first output
	Label []string          // of the first output, where they are always the same
	Why   string            // where it comes from, for people
}

var presets = map[string]Preset{
	"imagenet": {
		Input: "image | shorter 256 | crop 224x224 | divide 255 | subtract 0.485,0.456,0.406 | divide 0.229,0.224,0.225 | nchw",
		Read:  "softmax | top 5", Why: "torchvision's transforms for ImageNet classifiers",
	},
	"caffe": {
		Input: "image | shorter 256 | crop 224x224 | bgr | subtract 103.939,116.779,123.68 | nchw",
		Read:  "top 5", Why: "ImageNet classifiers that came from Caffe",
	},
	"mnist": {
		Input: "image | grey | invert | resize 28x28 | nchw",
		Read:  "softmax | top 3", Why: "dark ink on light paper, 0 to 255, as the ONNX Model Zoo's mnist takes it",
	},
	"silero-vad": {
		Input: "wav | rate 16000 | window 512,64",
		Carry: map[string]string{"state": "carry stateN"}, Bind: map[string]string{"sr": ":16000", "input": "1x576", "state": "2x1x128"},
		Read: "top 1", Label: []string{"speech"}, Why: "Silero's voice activity detector, 32 ms at a time",
	},
	"raw": {Input: "raw", Why: "the elements themselves: an .npy or TensorProto file, or little-endian bytes"},
}

// Presets lists the names of the presets.
func Presets() []string { return slices.Sorted(maps.Keys(presets)) }

// PresetOf returns the preset of that name.
func PresetOf(name string) (Preset, bool) {
	p, ok := presets[name]
	return p, ok
}
