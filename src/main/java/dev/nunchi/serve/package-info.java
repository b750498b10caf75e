/// The front ends, gRPC and REST, with health and metrics. The only package that sees gRPC and
/// Quarkus REST.
@NullMarked
package dev.nunchi.serve;

import org.jspecify.annotations.NullMarked;
