package io.varve.bank.web;

import java.util.regex.Pattern;

/** What an id of an account or transfer may look like, before anybody looks it up. */
final class Ids {

  private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");

  private Ids() {}

  static boolean isWellFormed(String id) {
    return ID.matcher(id).matches();
  }
}
