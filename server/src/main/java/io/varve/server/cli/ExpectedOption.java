package io.varve.server.cli;

import io.varve.client.streams.ExpectedVersion;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Lets an option say what is believed about a stream. */
final class ExpectedOption implements ITypeConverter<ExpectedVersion> {
  @Override
  public ExpectedVersion convert(String text) {
    return switch (text) {
      case "any" -> ExpectedVersion.any();
      case "none" -> ExpectedVersion.noStream();
      case "exists" -> ExpectedVersion.streamExists();
      default -> {
        if (!text.matches("\\d{1,18}")) {
          throw new TypeConversionException(
              "must be a version (0: no event yet), none, exists or any, was " + text);
        }
        yield ExpectedVersion.exactly(Long.parseLong(text));
      }
    };
  }
}
