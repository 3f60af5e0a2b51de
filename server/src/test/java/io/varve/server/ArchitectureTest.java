package io.varve.server;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Executors;
import org.jspecify.annotations.NullMarked;

/** Edges know the core, the core knows nobody. */
@AnalyzeClasses(packages = "io.varve.server", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String ROOT = "io.varve.server";

  @ArchTest
  static final ArchRule dependencies_point_one_way =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("event")
          .definedBy(ROOT + ".event")
          .layer("config")
          .definedBy(ROOT + ".config")
          .layer("storage")
          .definedBy(ROOT + ".storage")
          .layer("storage.rocksdb")
          .definedBy(ROOT + ".storage.rocksdb")
          .layer("storage.archive")
          .definedBy(ROOT + ".storage.archive")
          .layer("query")
          .definedBy(ROOT + ".query")
          .layer("append")
          .definedBy(ROOT + ".append")
          .layer("read")
          .definedBy(ROOT + ".read")
          .layer("snapshot")
          .definedBy(ROOT + ".snapshot")
          .layer("subscription")
          .definedBy(ROOT + ".subscription")
          .layer("group")
          .definedBy(ROOT + ".group")
          .layer("measure")
          .definedBy(ROOT + ".measure")
          .layer("security")
          .definedBy(ROOT + ".security")
          .layer("ops")
          .definedBy(ROOT + ".ops..")
          .layer("backup")
          .definedBy(ROOT + ".backup")
          .layer("api.grpc")
          .definedBy(ROOT + ".api.grpc")
          .layer("api.umadb")
          .definedBy(ROOT + ".api.umadb")
          .layer("api.kurrent")
          .definedBy(ROOT + ".api.kurrent")
          .layer("migrate")
          .definedBy(ROOT + ".migrate")
          .layer("server")
          .definedBy(ROOT)
          .layer("cli")
          .definedBy(ROOT + ".cli..")
          .layer("boot")
          .definedBy(ROOT + ".boot")
          .whereLayer("cli")
          .mayOnlyBeAccessedByLayers("boot")
          .whereLayer("server")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("api.umadb")
          .mayOnlyBeAccessedByLayers("server")
          .whereLayer("api.kurrent") // which says how that store's events are kept
          .mayOnlyBeAccessedByLayers("migrate", "server", "cli")
          .whereLayer("migrate")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("api.grpc") // whose guests the other two are, at its port
          .mayOnlyBeAccessedByLayers("api.umadb", "api.kurrent", "server")
          .whereLayer("ops")
          .mayOnlyBeAccessedByLayers("api.grpc", "api.kurrent", "server")
          .whereLayer("group")
          .mayOnlyBeAccessedByLayers("storage.rocksdb", "ops", "api.grpc", "api.kurrent", "server")
          .whereLayer("measure")
          .mayOnlyBeAccessedByLayers("group", "ops")
          .whereLayer("backup")
          .mayOnlyBeAccessedByLayers("api.grpc", "server", "cli")
          .whereLayer("security")
          .mayOnlyBeAccessedByLayers("api.grpc", "api.kurrent", "server", "cli")
          .whereLayer("subscription")
          .mayOnlyBeAccessedByLayers(
              "group", "ops", "api.grpc", "api.umadb", "api.kurrent", "server")
          .whereLayer("append")
          .mayOnlyBeAccessedByLayers(
              "subscription",
              "group",
              "ops",
              "security",
              "api.grpc",
              "api.umadb",
              "api.kurrent",
              "server")
          .whereLayer("read")
          .mayOnlyBeAccessedByLayers(
              "subscription", "group", "ops", "api.grpc", "api.umadb", "api.kurrent", "server")
          .whereLayer("snapshot")
          .mayOnlyBeAccessedByLayers("storage.rocksdb", "ops", "api.grpc", "server")
          .whereLayer("query")
          .mayOnlyBeAccessedByLayers("append", "read", "subscription", "server")
          .whereLayer("storage.rocksdb")
          .mayOnlyBeAccessedByLayers("server", "cli")
          .whereLayer("storage.archive")
          .mayOnlyBeAccessedByLayers("storage.rocksdb", "server", "cli")
          .whereLayer("config")
          .mayOnlyBeAccessedByLayers(
              "api.grpc", "api.umadb", "api.kurrent", "migrate", "server", "cli")
          .whereLayer("boot")
          .mayNotBeAccessedByAnyLayer();

  @ArchTest
  static final ArchRule append_does_not_see_read =
      noClasses()
          .that()
          .resideInAPackage(ROOT + ".append")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(ROOT + ".read");

  @ArchTest
  static final ArchRule read_does_not_see_append =
      noClasses()
          .that()
          .resideInAPackage(ROOT + ".read")
          .should()
          .dependOnClassesThat()
          .resideInAPackage(ROOT + ".append");

  @ArchTest
  static final ArchRule no_packages_depend_on_each_other_in_a_circle =
      slices().matching("io.varve.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule only_storage_rocksdb_touches_rocksdb =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + ".storage.rocksdb")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.rocksdb..");

  @ArchTest
  static final ArchRule only_the_apis_touch_grpc_and_the_generated_contracts =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              ROOT + ".api.grpc", ROOT + ".api.umadb", ROOT + ".api.kurrent", ROOT + ".migrate")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.grpc..", "io.varve.proto..", "com.google.rpc..");

  @ArchTest
  static final ArchRule umadbs_contract_stays_in_its_own_api =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + ".api.umadb")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.varve.proto.umadb..");

  @ArchTest
  static final ArchRule kurrents_contract_stays_in_its_own_api =
      noClasses()
          .that()
          .resideOutsideOfPackages(ROOT + ".api.kurrent", ROOT + ".migrate")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.varve.proto.kurrent..");

  @ArchTest
  static final ArchRule a_guest_does_not_touch_varves_own_contract =
      noClasses()
          .that()
          .resideInAnyPackage(ROOT + ".api.umadb", ROOT + ".api.kurrent")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.varve.proto.v1..");

  @ArchTest
  static final ArchRule only_encoders_touch_protobuf =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              ROOT + ".api.grpc",
              ROOT + ".api.umadb",
              ROOT + ".api.kurrent",
              ROOT + ".migrate",
              ROOT + ".storage",
              ROOT + ".storage.rocksdb")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.google.protobuf..");

  @ArchTest
  static final ArchRule only_metrics_touch_micrometer =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + ".ops.metrics")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.micrometer..", "io.prometheus..");

  @ArchTest
  static final ArchRule only_tracing_touches_opentelemetry =
      noClasses()
          .that()
          // The port makes spans of calls, and the server hands it where they go.
          .resideOutsideOfPackages(ROOT + ".ops.tracing", ROOT + ".api.grpc", ROOT)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.opentelemetry..");

  @ArchTest
  static final ArchRule only_the_operations_port_speaks_http =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + ".ops.http")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.sun.net.httpserver..");

  @ArchTest
  static final ArchRule the_vocabulary_knows_only_the_jdk =
      classes()
          .that()
          .resideInAnyPackage(ROOT + ".event", ROOT + ".config")
          .should()
          .onlyDependOnClassesThat(
              resideInAPackage("java..")
                  .or(resideInAPackage("org.jspecify.annotations"))
                  .or(resideInAPackage(ROOT + ".event"))
                  .or(resideInAPackage(ROOT + ".config")));

  @ArchTest
  static final ArchRule the_core_knows_no_command_line =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + ".cli")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("picocli..");

  @ArchTest
  static final ArchRule only_the_command_line_tools_are_clients =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + ".cli..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.varve.client..");

  @ArchTest
  static final ArchRule a_load_knows_the_client_and_nothing_of_the_server =
      classes()
          .that()
          .resideInAPackage(ROOT + ".cli.bench")
          .should()
          .onlyDependOnClassesThat(
              resideInAPackage("java..")
                  .or(resideInAPackage("org.jspecify.annotations"))
                  .or(resideInAPackage("org.HdrHistogram"))
                  .or(resideInAPackage("io.varve.client.streams"))
                  .or(resideInAPackage(ROOT + ".cli.bench")));

  @ArchTest
  static final ArchRule the_command_line_tools_do_not_use_the_testkit =
      noClasses()
          .that()
          .resideInAPackage(ROOT + ".cli..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.varve.client.testkit..");

  @ArchTest
  static final ArchRule clocks_are_handed_down =
      noClasses()
          .that()
          .resideOutsideOfPackages(ROOT, ROOT + ".cli..")
          .should()
          .callMethod(Instant.class, "now")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(Clock.class, "systemUTC");

  @ArchTest
  static final ArchRule randomness_is_handed_down =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              ROOT,
              ROOT + ".cli..", // whose tools are programs of their own
              ROOT + ".api.grpc") // which numbers the faults that it reports
          .should()
          .callConstructor(Random.class)
          .orShould()
          .callConstructor(SecureRandom.class)
          .orShould()
          .callMethod(Math.class, "random")
          .orShould()
          .callMethod(UUID.class, "randomUUID");

  @ArchTest
  static final ArchRule threads_are_handed_down =
      noClasses()
          .that()
          .resideOutsideOfPackages(ROOT, ROOT + ".cli..")
          .should()
          .callConstructor(Thread.class)
          .orShould()
          .dependOnClassesThat()
          .areAssignableTo(Executors.class);

  @ArchTest
  static final ArchRule nothing_is_a_util =
      noClasses()
          .should()
          .haveSimpleNameEndingWith("Util")
          .orShould()
          .haveSimpleNameEndingWith("Utils")
          .orShould()
          .haveSimpleNameEndingWith("Helper")
          .orShould()
          .haveSimpleNameEndingWith("Impl")
          .orShould()
          .haveSimpleNameEndingWith("Manager");

  @ArchTest
  static final ArchRule no_field_is_public_and_can_change =
      noFields().that().arePublic().should().notBeFinal();

  @ArchTest static final ArchRule logging_is_slf4j = NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;

  @ArchTest
  static final ArchRule every_package_is_null_marked =
      classes()
          .that()
          .resideOutsideOfPackage(
              ROOT + ".boot") // which JVMs without our JARs must be able to read
          .should(
              new ArchCondition<JavaClass>("be in a package with @NullMarked") {
                @Override
                public void check(JavaClass type, ConditionEvents events) {
                  boolean marked = type.getPackage().isAnnotatedWith(NullMarked.class);
                  events.add(
                      new SimpleConditionEvent(
                          type,
                          marked,
                          type.getPackageName() + " is " + (marked ? "" : "not ") + "@NullMarked"));
                }
              });
}
