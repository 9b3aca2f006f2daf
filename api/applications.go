package api

func (s *Server) applicationRoutes() []declared { return nil }
