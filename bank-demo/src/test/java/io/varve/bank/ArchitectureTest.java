package io.varve.bank;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.varve.client.eventsourcing.Decider;
import io.varve.client.eventsourcing.Decision;
import io.varve.client.eventsourcing.Refusal;

/** Dependencies point one way: edges know the core, the core knows nobody. */
@AnalyzeClasses(packages = "io.varve.bank", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule layers_know_what_is_below_them =
      layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage("io.varve.bank..")
          .layer("wiring")
          .definedBy("io.varve.bank")
          .layer("web")
          .definedBy("..bank.web..")
          .layer("load")
          .definedBy("..bank.load..")
          .layer("saga")
          .definedBy("..bank.saga..")
          .layer("application")
          .definedBy("..bank.application..")
          .layer("readmodel")
          .definedBy("..bank.readmodel..")
          .layer("store")
          .definedBy("..bank.store..")
          .layer("domain")
          .definedBy("..bank.domain..")
          .whereLayer("wiring")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("web")
          .mayOnlyBeAccessedByLayers("wiring")
          .whereLayer("load")
          .mayOnlyBeAccessedByLayers("wiring")
          .whereLayer("saga")
          .mayOnlyBeAccessedByLayers("wiring")
          .whereLayer("application")
          .mayOnlyBeAccessedByLayers("wiring", "web", "saga")
          .whereLayer("readmodel")
          .mayOnlyBeAccessedByLayers("wiring", "web")
          .whereLayer("store")
          .mayOnlyBeAccessedByLayers("wiring", "web", "saga", "application", "readmodel");

  @ArchTest
  static final ArchRule the_domain_knows_the_jdk_and_what_a_decision_is =
      classes()
          .that()
          .resideInAPackage("..bank.domain..")
          .should()
          .onlyDependOnClassesThat(
              resideInAnyPackage("..bank.domain..", "java..", "org.jspecify..")
                  .or(belongToAnyOf(Decider.class, Decision.class, Refusal.class)));

  @ArchTest
  static final ArchRule only_the_web_and_the_load_know_http =
      noClasses()
          .that()
          .resideOutsideOfPackages("..bank.web..", "..bank.load..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.javalin..", "org.eclipse.jetty..", "java.net.http..");

  @ArchTest
  static final ArchRule only_the_read_model_knows_sql =
      noClasses()
          .that()
          .resideOutsideOfPackage("..bank.readmodel..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("java.sql..", "javax.sql..", "org.h2..");

  @ArchTest
  static final ArchRule the_store_is_known_by_its_client_alone =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.grpc..", "io.varve.proto..", "io.varve.server..");

  @ArchTest
  static final ArchRule only_tests_see_the_test_kit =
      noClasses().should().dependOnClassesThat().resideInAPackage("io.varve.client.testkit..");

  @ArchTest
  static final ArchRule no_cycles =
      slices().matching("io.varve.bank.(*)..").should().beFreeOfCycles();
}
