package io.varve.server.cli.bench;

/** A load that measured nothing: something did not come, or not in time. */
public final class LoadFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * @param sentence what was missing, for people
   */
  public LoadFailure(String sentence) {
    super(sentence);
  }

  LoadFailure(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
