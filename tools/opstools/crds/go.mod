// Only for the two definitions of the Prometheus operator that the chart's objects are checked by.
module edsm.io/tools/opstools/crds

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.85.0
