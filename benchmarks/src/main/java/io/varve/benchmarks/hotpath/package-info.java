/**
 * JMH for what happens to every event inside the server: how it is encoded, how a commit is built,
 * how a page is read. What a command goes through is in {@code DecideBenchmark}, beside the class
 * that decides.
 *
 * <pre>{@code
 * mvn -Dquick package
 * java --enable-native-access=ALL-UNNAMED \
 *     -cp 'benchmarks/target/varve-benchmarks.jar:benchmarks/target/lib/*' \
 *     org.openjdk.jmh.Main -rf json -rff hotpath.json
 * }</pre>
 */
@NullMarked
package io.varve.benchmarks.hotpath;

import org.jspecify.annotations.NullMarked;
