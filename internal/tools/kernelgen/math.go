package main

func functions() {}
