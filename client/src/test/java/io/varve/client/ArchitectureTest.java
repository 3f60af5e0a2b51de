package io.varve.client;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Dependencies point one way. */
@AnalyzeClasses(packages = "io.varve.client", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule only_the_connection_knows_grpc_and_the_wire_types =
      noClasses()
          .that()
          .resideOutsideOfPackage("..client.connection..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.grpc..", "io.varve.proto..");

  @ArchTest
  static final ArchRule only_the_connection_and_the_protobuf_codec_know_protobuf =
      noClasses()
          .that()
          .resideOutsideOfPackages("..client.connection..", "..eventsourcing.protobuf..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.google..");

  @ArchTest
  static final ArchRule the_toolkit_knows_stores_only_by_their_api =
      noClasses()
          .that()
          .resideInAPackage("..client.eventsourcing..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.varve.client", "..client.connection..", "..client.subscription..");

  @ArchTest
  static final ArchRule only_the_json_codec_knows_jackson =
      noClasses()
          .that()
          .resideOutsideOfPackage("..eventsourcing.json..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("tools.jackson..", "com.fasterxml..");

  @ArchTest
  static final ArchRule only_the_metrics_know_micrometer =
      noClasses()
          .that()
          .resideOutsideOfPackage("..eventsourcing.metrics..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.micrometer..");

  @ArchTest
  static final ArchRule only_the_tracing_knows_opentelemetry =
      noClasses()
          .that()
          .resideOutsideOfPackage("..eventsourcing.tracing..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.opentelemetry..");

  @ArchTest
  static final ArchRule the_api_knows_nothing_but_the_jdk =
      noClasses()
          .that()
          .resideInAPackage("..client.streams..")
          .should()
          .dependOnClassesThat()
          .resideOutsideOfPackages("..client.streams..", "java..", "org.jspecify..");

  @ArchTest
  static final ArchRule only_tests_use_the_testkit =
      noClasses()
          .that()
          .resideOutsideOfPackage("..client.testkit..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("..client.testkit..");

  @ArchTest
  static final ArchRule only_sql_projections_and_their_fixture_know_jdbc =
      noClasses()
          .that()
          .resideOutsideOfPackages("..eventsourcing.projection.sql..", "..client.testkit..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.sql..", "javax.sql..");

  @ArchTest
  static final ArchRule consumers_of_groups_know_nothing_of_the_other_parts_of_the_toolkit =
      noClasses()
          .that()
          .resideInAPackage("..eventsourcing.consumer..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "..eventsourcing.aggregate..",
              "..eventsourcing.cache..",
              "..eventsourcing.decision..",
              "..eventsourcing.json..",
              "..eventsourcing.metrics..",
              "..eventsourcing.process..",
              "..eventsourcing.projection..",
              "..eventsourcing.protobuf..",
              "..eventsourcing.tracing..");

  @ArchTest
  static final ArchRule only_the_cache_knows_caffeine =
      noClasses()
          .that()
          .resideOutsideOfPackage("..eventsourcing.cache..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.github.benmanes.caffeine..");

  @ArchTest
  static final ArchRule packages_have_no_cycles =
      slices().matching("io.varve.client.(**)").should().beFreeOfCycles();
}
