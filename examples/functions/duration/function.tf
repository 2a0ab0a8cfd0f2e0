output "duration" {
  value = provider::fluxgate::duration("1h30m") # 5400
}
