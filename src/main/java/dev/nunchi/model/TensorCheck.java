package dev.nunchi.model;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.nn.ElementType;
import dev.nunchi.nn.Network;
import dev.nunchi.nn.Parameter;
import dev.nunchi.nn.Weight;
import dev.nunchi.nn.Weights;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/// Whether the tensors of a checkpoint are those of its network.
///
/// @param path of the checkpoint, for errors
/// @param newHead whether its head is for other labels, so that it counts as missing
record TensorCheck(Path path, Network network, Weights weights, boolean newHead) {

  /// Parameters that are not there or belong to a head for other labels, in forward order.
  List<Parameter> missing() {
    return parameters(parameter -> isNewHead(parameter) || !isStored(parameter));
  }

  /// Parameters that are there in another shape, in forward order.
  List<Parameter> mismatched() {
    return parameters(parameter ->
        !isNewHead(parameter)
            && isStored(parameter)
            && !weights.shape(parameter.name()).equals(parameter.shape()));
  }

  /// For who computes with the checkpoint as it is.
  ///
  /// @throws NunchiException `INVALID_MODEL` naming the first tensor that is missing, of another
  ///   shape, of whole numbers or with what is no number
  void requireAll() {
    requireSound();
    Set<String> missing = new HashSet<>();
    missing().forEach(parameter -> missing.add(parameter.name()));
    if (missing.contains(network.outputWeight())) {
      throw invalid(
          "it is no classifier yet, for it holds no tensor %s; make one of it with 'nunchi train --recipe FILE --set model_name_or_path=%s --data DIR --output DIR'"
              .formatted(shown(network.outputWeight()), path));
    }
    for (String name : missing) {
      throw invalid("it holds no tensor " + shown(name));
    }
  }

  /// For who trains on from the checkpoint: only a head may begin anew.
  ///
  /// @throws NunchiException `INVALID_MODEL` naming the first tensor of the trunk that is missing,
  ///   with the nearest that is there, or the first tensor that is of another shape, of whole
  ///   numbers or with what is no number
  void requireTrunk() {
    requireSound();
    if (network.parameters().stream().noneMatch(this::isStored)) {
      throw missingFromTrunk(network.parameters().getFirst().name());
    }
  }

  private void requireSound() {
    for (Parameter parameter : network.parameters()) {
      if (!isStored(parameter) && !network.mayBeFresh(parameter)) {
        throw missingFromTrunk(parameter.name());
      }
    }
    mismatched().stream()
        .findFirst()
        .ifPresent(parameter -> {
          throw otherShape(parameter);
        });
    for (Parameter parameter : parameters(p -> isStored(p) && !isNewHead(p))) {
      requireNumbers(parameter.name());
    }
  }

  private NunchiException missingFromTrunk(String name) {
    return invalid(
        "it holds no tensor %s, which a %s network of its config.json has; the nearest of its %d tensors is %s"
            .formatted(
                shown(name),
                network.modelType(),
                weights.names().size(),
                TensorNames.nearest(weights.names(), name)));
  }

  private NunchiException otherShape(Parameter parameter) {
    String name = parameter.name();
    List<Integer> shape = weights.shape(name);
    String why;
    if (name.equals(network.outputWeight())
        || network.outputBias().filter(name::equals).isPresent()) {
      why = "id2label of its config.json should name each of the labels that the weights have";
    } else if (name.endsWith("word_embeddings.weight")) {
      why = "vocab_size of its config.json should be the number of rows";
    } else {
      why = "its config.json belongs to other weights";
    }
    return invalid(
        "tensor %s should have the shape %s, but has %s: %s"
            .formatted(name, parameter.shape(), shape, why));
  }

  private void requireNumbers(String name) {
    if (weights.quantized(name).isPresent()) {
      // Its scales were checked, over which none of its numbers is.
      return;
    }
    Weight weight = weights.get(name);
    ElementType type = weight.type();
    if (!FloatWeights.isFloat(type)) {
      throw invalid(
          "tensor %s should hold floating numbers, but is of type %s; quantised weights are not read, so save them dequantised"
              .formatted(name, type));
    }
    if (!FloatWeights.isFinite(weight)) {
      throw invalid(
          "tensor %s holds what is no number (NaN or infinity); the file is damaged, or the training that wrote it diverged or overflowed"
              .formatted(name));
    }
  }

  private String shown(String name) {
    return parameters(parameter -> parameter.name().equals(name)).stream()
        .map(parameter -> name + " " + parameter.shape())
        .findFirst()
        .orElse(name);
  }

  private boolean isStored(Parameter parameter) {
    return weights.names().contains(parameter.name());
  }

  private boolean isNewHead(Parameter parameter) {
    return newHead && network.belongsToLabels(parameter);
  }

  private List<Parameter> parameters(Predicate<Parameter> which) {
    return network.parameters().stream().filter(which).toList();
  }

  private NunchiException invalid(String what) {
    return new NunchiException(Reason.INVALID_MODEL, path + ": " + what);
  }
}
