package dev.nunchi;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// The packages of `dev.nunchi`, and what each may use.
@Execution(ExecutionMode.CONCURRENT)
class ArchitectureTest {
  /// Every package with the packages that it may use, the root aside, which is for all; and with
  /// the libraries that it may see where not every package may: those that any row names.
  ///
  /// `sentiment` is generated from the gRPC contract, `export.onnx` from the schema of ONNX.
  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          entry("(root)", Set.of()),
          entry("text", Set.of("ai.djl")),
          entry("data", Set.of("text")),
          entry("nn", Set.of()),
          entry("torch", Set.of("nn", "text", "org.bytedeco")),
          entry("model", Set.of("text", "nn")),
          entry("hub", Set.of("model", "java.net.http", "org.apache.commons.compress")),
          entry("train", Set.of("data", "text", "nn", "torch", "eval", "model")),
          entry("eval", Set.of()),
          entry("export", Set.of("nn", "model", "text", "eval", "infer", "com.google.protobuf")),
          entry("infer", Set.of("text", "model", "nn", "ai.onnxruntime")),
          entry(
              "serve",
              Set.of(
                  "infer",
                  "model",
                  "text",
                  "sentiment",
                  "com.google.protobuf",
                  "io.grpc",
                  "io.opentelemetry",
                  "io.quarkus.grpc",
                  "jakarta.ws.rs",
                  "java.net.http",
                  "org.jboss.resteasy",
                  "org.jose4j")),
          entry(
              "bench",
              Set.of(
                  "infer",
                  "model",
                  "text",
                  "sentiment",
                  "com.google.protobuf",
                  "io.grpc",
                  "java.net.http",
                  "org.HdrHistogram")),
          entry("sentiment", Set.of("com.google.protobuf", "io.grpc", "io.quarkus.grpc")),
          entry(
              "cli",
              Set.of(
                  "text",
                  "data",
                  "nn",
                  "torch",
                  "model",
                  "train",
                  "eval",
                  "export",
                  "infer",
                  "serve",
                  "hub",
                  "bench",
                  "picocli",
                  "org.HdrHistogram")));

  private static final Set<String> LIBRARIES =
      MAY_USE.values().stream()
          .flatMap(Set::stream)
          .filter(name -> !MAY_USE.containsKey(name))
          .collect(Collectors.toSet());

  private static final Predicate<JavaClass> GENERATED =
      type ->
          type.getPackageName().startsWith("dev.nunchi.sentiment.")
              || type.getPackageName().equals("dev.nunchi.export.onnx");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.nunchi");

  @Test
  void importer_onTheseClassFiles_readsThem() {
    // ArchUnit leaves out what it cannot read, and every rule holds for nothing.
    assertTrue(CLASSES.contain(NunchiException.class));
    assertTrue(CLASSES.get(NunchiException.class).getDirectDependenciesFromSelf().size() > 3);
  }

  @Test
  void packages_all_areInTheTable() {
    assertNone(CLASSES.stream().map(ArchitectureTest::part).filter(part -> !isRow(part)));
  }

  @Test
  void packages_all_useOnlyWhatTheTableAllows() {
    assertNone(
        dependencies()
            .filter(dependency -> !mayUse(part(dependency.getOriginClass()), dependency))
            .map(Dependency::getDescription));
  }

  @Test
  void packages_all_areFreeOfCycles() {
    slices().matching("dev.nunchi.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void server_throughWhateverItUses_neverReachesTraining() {
    noClasses()
        .that()
        .resideInAPackage("dev.nunchi.serve..")
        .or()
        .haveFullyQualifiedName("dev.nunchi.cli.ServeCommand")
        .should()
        .transitivelyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.nunchi.torch..",
            "dev.nunchi.train..",
            "dev.nunchi.data..",
            "dev.nunchi.export..",
            "org.bytedeco..")
        .check(CLASSES);
  }

  @Test
  void packages_writtenByHand_areNullMarked() {
    assertNone(
        CLASSES.stream()
            .filter(GENERATED.negate())
            .map(JavaClass::getPackage)
            .distinct()
            .filter(location -> !location.isAnnotatedWith(NullMarked.class))
            .map(JavaPackage::getName));
  }

  @Test
  void classes_writtenByHand_areNamedAfterWhatTheyAre() {
    List<String> vague = List.of("Util", "Utils", "Helper", "Manager", "Impl");
    assertNone(
        CLASSES.stream()
            .filter(GENERATED.negate())
            .filter(type -> vague.stream().anyMatch(type.getSimpleName()::endsWith))
            .map(JavaClass::getName));
  }

  private static Stream<Dependency> dependencies() {
    return CLASSES.stream().flatMap(type -> type.getDirectDependenciesFromSelf().stream());
  }

  private static boolean mayUse(String part, Dependency dependency) {
    JavaClass target = dependency.getTargetClass().getBaseComponentType();
    Set<String> allowed = MAY_USE.getOrDefault(part, Set.of());
    if (isOurs(target)) {
      return part(target).equals("(root)")
          || part(target).equals(part)
          || allowed.contains(part(target));
    }
    return LIBRARIES.stream()
        .filter(library -> (target.getPackageName() + ".").startsWith(library + "."))
        .allMatch(allowed::contains);
  }

  private static boolean isOurs(JavaClass type) {
    return (type.getPackageName() + ".").startsWith("dev.nunchi.");
  }

  private static boolean isRow(String part) {
    return MAY_USE.containsKey(part);
  }

  /// The package's name after `dev.nunchi`, its first word only.
  private static String part(JavaClass type) {
    String[] names = type.getPackageName().split("\\.", -1);
    return names.length > 2 ? names[2] : "(root)";
  }

  private static void assertNone(Stream<String> violations) {
    assertEquals("", violations.distinct().sorted().collect(Collectors.joining("\n")));
  }
}
