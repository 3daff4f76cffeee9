# What EDSM needs of AWS; docs/aws.md explains it.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0" # from there on a resource can name its region
    }
  }
}

provider "aws" {
  region = var.region
}
