{{ config(materialized='table') }}
select * from read_csv('{{ env_var("LOAD_LANDING") }}/*.csv', delim = ';')
