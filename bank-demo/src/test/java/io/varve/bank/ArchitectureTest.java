package io.varve.bank;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

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
          .whereLayer("saga")
          .mayOnlyBeAccessedByLayers("wiring")
          .whereLayer("application")
          .mayOnlyBeAccessedByLayers("wiring", "web", "saga")
          .whereLayer("readmodel")
          .mayOnlyBeAccessedByLayers("wiring", "web")
          .whereLayer("store")
          .mayOnlyBeAccessedByLayers("wiring", "web", "saga", "application", "readmodel");

  @ArchTest
  static final ArchRule the_domain_knows_the_jdk_alone =
      classes()
          .that()
          .resideInAPackage("..bank.domain..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("..bank.domain..", "java..", "org.jspecify..");

  @ArchTest
  static final ArchRule only_the_web_knows_http =
      noClasses()
          .that()
          .resideOutsideOfPackage("..bank.web..")
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
