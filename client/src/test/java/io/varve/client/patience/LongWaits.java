package io.varve.client.patience;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Has every test that names no time of its own wait for a minute, where Awaitility gives up after
 * ten seconds: a busy machine may take those for what an idle one does at once. JUnit finds this
 * class by its name in {@code META-INF/services}, in each module that has this one's test JAR.
 */
public final class LongWaits implements LauncherSessionListener {

  @Override
  public void launcherSessionOpened(LauncherSession session) {
    Awaitility.setDefaultTimeout(Duration.ofMinutes(1));
  }
}
