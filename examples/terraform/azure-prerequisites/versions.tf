# What EDSM needs of Azure; docs/azure-terraform.md explains it.

terraform {
  required_version = ">= 1.5"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.0" # version 5 names some arguments anew
    }
  }
}

provider "azurerm" {
  features {}
  subscription_id = var.subscription_id
}
