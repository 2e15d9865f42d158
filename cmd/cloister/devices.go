package main

type devicesCmd struct{}

func (devicesCmd) Run() error { return nil }
