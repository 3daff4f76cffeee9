module edsm/bench/load

go 1.26
