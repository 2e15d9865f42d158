package abi

// A Schema is what anybody may know about a dataset: everything in it is
// public, on chain by hash, and shown to a buyer before paying.
type Schema struct {
	Name    string   `json:"name" cbor:"1,keyasint"`
	Task    string   `json:"task" cbor:"2,keyasint"`    // "classification"
	Shape   []int64  `json:"shape" cbor:"3,keyasint"`   // of one record, without the batch axis
	DType   DType    `json:"dtype" cbor:"4,keyasint"`   // of one record
	Classes []string `json:"classes" cbor:"5,keyasint"` // label i is Classes[i]
	Splits  []Split  `json:"splits" cbor:"6,keyasint"`  // in order
	Unit    string   `json:"unit" cbor:"7,keyasint"`    // what privacy protects: "record"
	Input   string   `json:"input" cbor:"8,keyasint"`   // how a raw input becomes a record: "gray8x8/16", "rgb32x32/255"
	Licence string   `json:"licence" cbor:"9,keyasint"` // SPDX or a name
	Source  string   `json:"source" cbor:"10,keyasint"` // where the records come from
}

// A Split is a named part of a dataset and its declared number of records.
type Split struct {
	Name    string `json:"name" cbor:"1,keyasint"`
	Records int64  `json:"records" cbor:"2,keyasint"`
}
