package io.varve.client.streams;

import java.util.List;

/**
 * Who somebody is to a store, and what they may do.
 *
 * @param name {@code user ada}, {@code token 0f3a… (reporting)}, or {@code anybody} while access
 *     control is off
 * @param permissions each as it is written in a token
 */
public record Identity(String name, List<String> permissions) {
  public Identity {
    permissions = List.copyOf(permissions);
  }
}
