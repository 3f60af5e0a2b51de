package io.varve.client.streams;

/** A person or a program that calls with a name and a password. */
public record UserInfo(String name, UserRole role) {}
