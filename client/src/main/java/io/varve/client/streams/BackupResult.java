package io.varve.client.streams;

/**
 * A backup that is complete and verified.
 *
 * @param folder the folder on the server, as an absolute path
 * @param position it holds everything up to this position and nothing behind it; 0: an empty log
 * @param bytes bytes of the whole backup
 * @param bytesCopied bytes that had to be copied for it
 */
public record BackupResult(String folder, long position, long bytes, long bytesCopied) {}
