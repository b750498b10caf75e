/// What `k8s/` holds, built and judged without a cluster: [Kustomization] builds an overlay as
/// kustomize does, [Schemas] holds its objects against those of the API, [Policies] against the
/// rules that all of them keep, and [ServerNames] knows what the server has of what they name.
package dev.nunchi.kubernetes;
