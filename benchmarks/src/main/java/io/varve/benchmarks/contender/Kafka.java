package io.varve.benchmarks.contender;

import io.varve.benchmarks.process.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/**
 * Kafka, one broker in a process of its own, with {@code flush.messages=1}: every batch that a
 * producer has sent is synced before it is answered. One partition, for an event store's log has
 * one order. No versions are checked, for Kafka knows none; several events in one append are not
 * all or nothing.
 *
 * <p>All clients share one producer, without which their events could not travel together. The
 * server is laid out by {@code mvn -f benchmarks/contenders/pom.xml package}.
 */
public final class Kafka implements Contender {
  private static final String TOPIC = "events";

  private final Path libraries;

  /**
   * @param libraries the folder with Kafka's JARs
   */
  public Kafka(Path libraries) {
    this.libraries = libraries.toAbsolutePath();
  }

  @Override
  public String name() {
    return "kafka";
  }

  @Override
  public String description() {
    return "Kafka with flush.messages=1, one partition, one producer; synced, nothing checked";
  }

  @Override
  public Set<Ability> abilities() {
    return EnumSet.of(Ability.APPEND, Ability.HOT, Ability.BATCH);
  }

  @Override
  public @Nullable String missing() {
    return Files.isDirectory(libraries)
        ? null
        : "no Kafka: mvn -f benchmarks/contenders/pom.xml package, or --kafka-libraries DIR";
  }

  @Override
  public Running start(Path folder) throws IOException {
    Files.createDirectories(folder);
    int port = ChildProcess.freePort();
    int controllerPort = ChildProcess.freePort();
    Path config = folder.resolve("server.properties");
    Files.writeString(
        config,
        """
        process.roles=broker,controller
        node.id=1
        controller.quorum.voters=1@127.0.0.1:%2$d
        controller.listener.names=CONTROLLER
        listeners=PLAINTEXT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
        advertised.listeners=PLAINTEXT://127.0.0.1:%1$d
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
        log.dirs=%3$s
        offsets.topic.replication.factor=1
        transaction.state.log.replication.factor=1
        transaction.state.log.min.isr=1
        """
            .formatted(port, controllerPort, folder.resolve("data")));
    String classPath = libraries + "/*";
    try (ChildProcess format =
        ChildProcess.start(
            folder.resolve("format"),
            ChildProcess.java(
                folder,
                classPath,
                List.of(
                    "kafka.tools.StorageTool",
                    "format",
                    "-t",
                    Uuid.randomUuid().toString(),
                    "-c",
                    config.toString())))) {
      format.awaitSuccess();
    }
    ChildProcess process =
        ChildProcess.start(
            folder,
            ChildProcess.java(folder, classPath, List.of("kafka.Kafka", config.toString())));
    try {
      process.awaitListening(port);
      return new RunningKafka(process, "127.0.0.1:" + port);
    } catch (IOException | RuntimeException e) {
      process.close();
      throw e;
    }
  }

  private static final class RunningKafka implements Running {
    private final ChildProcess process;
    private final KafkaProducer<String, byte[]> producer;

    RunningKafka(ChildProcess process, String address) throws IOException {
      this.process = process;
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", address))) {
        admin
            .createTopics(
                List.of(new NewTopic(TOPIC, 1, (short) 1).configs(Map.of("flush.messages", "1"))))
            .all()
            .get();
      } catch (ExecutionException e) {
        throw new IOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
      this.producer =
          new KafkaProducer<>(
              Map.of("bootstrap.servers", address, "acks", "all", "linger.ms", "0"),
              new StringSerializer(),
              new ByteArraySerializer());
    }

    @Override
    public Session connect() {
      return new KafkaSession(producer);
    }

    @Override
    public void close() throws IOException {
      producer.close();
      process.close();
    }
  }

  private record KafkaSession(KafkaProducer<String, byte[]> producer) implements Session {
    @Override
    public long append(String stream, long expected, int events) {
      List<Future<RecordMetadata>> answers = new ArrayList<>(events);
      for (int i = 0; i < events; i++) {
        answers.add(producer.send(new ProducerRecord<>(TOPIC, stream, Payload.bytes())));
      }
      try {
        for (Future<RecordMetadata> answer : answers) {
          if (!answer.get().hasOffset()) {
            throw new IllegalStateException("an answer without a place");
          }
        }
        return ANY;
      } catch (ExecutionException e) {
        throw new IllegalStateException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() {
      // The producer is shared.
    }
  }
}
