package io.varve.client.streams;

import java.util.List;

/**
 * What a verification of the archive has found, or has so far.
 *
 * @param segmentsDone files examined
 * @param segmentsTotal files to examine in all
 * @param findings what is wrong, a sentence each. Unmodifiable.
 * @param strayFiles names of files that are not in the catalogue, known only at the end. They are
 *     no damage. Unmodifiable.
 */
public record ArchiveReport(
    long segmentsDone, long segmentsTotal, List<String> findings, List<String> strayFiles) {

  public ArchiveReport {
    findings = List.copyOf(findings);
    strayFiles = List.copyOf(strayFiles);
  }
}
