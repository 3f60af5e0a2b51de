package io.varve.client.streams;

import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * What a server is.
 *
 * @param release such as {@code 0.1.0}
 * @param dataFormat the number of the data format on disk; 0: it keeps nothing on disk
 * @param storeId the store's id, made when its data folder was made
 * @param uptime how long the server has been serving
 * @param features the optional parts of the contract that it serves, by name. Unmodifiable.
 */
public record ServerInfo(
    String release, int dataFormat, UUID storeId, Duration uptime, List<String> features) {

  public ServerInfo {
    features = List.copyOf(features);
  }
}
